"""curl's own table of options, and a command line read by it. Pure.

The table is that of ``curl --help all`` of 7.88, with options that came later; a test holds it against the curl that is
installed. There, --proxy and --preproxy take a value though they are not written with ``<…>``.
"""

from typing import NamedTuple

from components.workflows.outcome import Reason, Refused
from components.workflows.value import Known, Value, known

WITH_VALUE = frozenset(
    """
    abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to
    continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary data-raw
    data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech egd-file
    engine etag-compare etag-save expect100-timeout form form-string ftp-account ftp-alternative-to-user ftp-method
    ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip header help hostpubmd5 hostpubsha256 hsts
    interface ip-tos json keepalive-cnt keepalive-time key key-type krb libcurl limit-rate local-port login-options
    mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output
    output-dir parallel-max parallel-max-host pass pinnedpubkey preproxy proto proto-default proto-redir proxy
    proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key
    proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype
    proxy-tlspassword proxy-tlsuser proxy-user proxy1.0 pubkey quote random-file range rate referer request
    request-target resolve retry retry-delay retry-max-time sasl-authzid service-name sigalgs signature-algorithms
    socks4 socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit speed-time stderr telnet-option
    tftp-blksize time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config
    unix-socket upload-file upload-flags url url-query user user-agent variable vlan-priority write-out
    """.split()  # noqa: SIM905 - data
)
"""Long options that take a value."""

WITHOUT_VALUE = frozenset(
    """
    anyauth append basic ca-native cert-status compressed compressed-ssh create-dirs crlf digest disable
    disable-eprt disable-epsv disallow-username-in-url doh-cert-status doh-insecure fail fail-early fail-with-body
    false-start follow form-escape ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control
    get globoff haproxy-protocol head http0.9 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only
    ignore-content-length include insecure ipv4 ipv6 junk-session-cookies list-only location location-trusted
    mail-rcpt-allowfails manual metalink mptcp negotiate netrc netrc-optional next no-alpn no-buffer no-clobber
    no-keepalive no-npn no-progress-meter no-sessionid ntlm ntlm-wb out-null parallel parallel-immediate path-as-is
    post301 post302 post303 progress-bar proxy-anyauth proxy-basic proxy-ca-native proxy-digest proxy-http2
    proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1
    proxytunnel raw remote-header-name remote-name remote-name-all remote-time remove-on-error retry-all-errors
    retry-connrefused sasl-ir show-error silent skip-existing socks5-basic socks5-gssapi socks5-gssapi-nec ssl
    ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2 sslv3 styled-output
    suppress-connect-headers tcp-fastopen tcp-nodelay tftp-no-options tls-earlydata tlsv1 tlsv1.0 tlsv1.1 tlsv1.2
    tlsv1.3 tr-encoding trace-ids trace-time use-ascii verbose version xattr
    """.split()  # noqa: SIM905 - data
)
"""Long options that stand alone; each may be given as ``--no-…``, too."""

SHORT = dict(
    pair.split("=")
    for pair in """
    #=progress-bar 0=http1.0 1=tlsv1 2=sslv2 3=sslv3 4=ipv4 6=ipv6 :=next A=user-agent B=use-ascii C=continue-at
    D=dump-header E=cert F=form G=get H=header I=head J=remote-header-name K=config L=location M=manual N=no-buffer
    O=remote-name P=ftp-port Q=quote R=remote-time S=show-error T=upload-file U=proxy-user V=version X=request
    Y=speed-limit Z=parallel a=append b=cookie c=cookie-jar d=data e=referer f=fail g=globoff h=help i=include
    j=junk-session-cookies k=insecure l=list-only m=max-time n=netrc o=output p=proxytunnel q=disable r=range
    s=silent t=telnet-option u=user v=verbose w=write-out x=proxy y=speed-time z=time-cond
    """.split()  # noqa: SIM905 - data
)
"""Long options by their letters."""

_BOTH = WITH_VALUE | WITHOUT_VALUE


class Option(NamedTuple):
    """An option by its long name, with its value; ``url`` for an argument without an option."""

    name: str
    value: Value = ()


def read_options(arguments: list[Value], line: int) -> list[Option]:
    """The options of a command line in order. Raises Refused for what curl would not take."""
    options: list[Option] = []
    left = list(arguments)
    while left:
        argument = left.pop(0)
        first = argument[0].text if argument and isinstance(argument[0], Known) else ""
        if first == "--" and len(argument) == 1:
            options += [Option("url", each) for each in left]
            break
        if first.startswith("--"):
            options.append(_long(argument, left, line))
        elif first.startswith("-") and first != "-":
            options += _letters(argument, first, left, line)
        else:
            options.append(Option("url", argument))
    return options


def _long(argument: Value, left: list[Value], line: int) -> Option:
    word = argument[0].text[2:] if isinstance(argument[0], Known) else ""
    name = None if len(argument) > 1 else long_name(word)
    if name is None:
        raise Refused(Reason.UNKNOWN_OPTION, line, f"--{word.partition('=')[0]}")
    return Option(name, _value(name, left, line)) if name in WITH_VALUE else Option(name)


def long_name(word: str) -> str | None:
    """The option of a word without its dashes, which may be shortened where only one begins so; None of another."""
    if word in _BOTH:
        return word
    if word.startswith("no-") and word[3:] in WITHOUT_VALUE:
        return word
    begun = [name for name in _BOTH if name.startswith(word)]
    return begun[0] if len(begun) == 1 else None


def _letters(argument: Value, first: str, left: list[Value], line: int) -> list[Option]:
    options = []
    for at, letter in enumerate(first[1:], start=1):
        name = SHORT.get(letter)
        if name is None:
            raise Refused(Reason.UNKNOWN_OPTION, line, f"-{letter}")
        if name in WITH_VALUE:
            rest = first[at + 1 :]
            attached = (
                *((Known(rest, argument[0].inputs),) if rest and isinstance(argument[0], Known) else ()),
                *argument[1:],
            )
            options.append(Option(name, attached or _value(name, left, line)))
            return options
        options.append(Option(name))
    if len(argument) > 1:
        raise Refused(Reason.UNKNOWN_OPTION, line, "that is a value of its own")
    return options


def _value(name: str, left: list[Value], line: int) -> Value:
    if not left:
        raise Refused(Reason.UNKNOWN_OPTION, line, f"--{name} without its value")
    return left.pop(0) or known("")
