"""The gRPC service the engine calls: one method per request, the work itself in the modules beside this one."""

# ruff: noqa: N802 - gRPC names the methods

import os
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import engine_pb2 as engine
from pulumi.runtime.proto import language_pb2 as language
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeServicer, add_LanguageRuntimeServicer_to_server

from . import dependencies, program
from .environment import Environment, resolve
from .errors import HostError
from .processes import Programs, output, start

MESSAGE_LIMIT = 400 << 20
"""Largest message in bytes, the limit Pulumi's own parts use (``_grpc_settings.py`` in its SDK)."""

VERSION = "1.0.0"
"""The host's own version, shown by ``pulumi about``."""


class LanguageHost(LanguageRuntimeServicer):
    """Runs and sets up Python programs for one engine.

    ``address``: that of the engine's own service. ``launcher``: path of Pulumi's ``pulumi-language-python-exec``.
    """

    def __init__(self, address: str, launcher: str) -> None:
        self._engine = address
        self._launcher = launcher
        self._programs = Programs()

    def Handshake(self, request: language.LanguageHandshakeRequest, _: grpc.ServicerContext) -> object:
        """Take over the engine's address."""
        self._engine = request.engine_address or self._engine
        return language.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: Empty, _: grpc.ServicerContext) -> object:
        """Name the host's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPackages(self, _request: object, _: grpc.ServicerContext) -> object:
        """Require nothing ahead of a run: the engine looks for a plugin when the first resource needs it."""
        return language.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, _request: object, _: grpc.ServicerContext) -> object:
        """Require nothing, as ``GetRequiredPackages``, which it precedes."""
        return language.GetRequiredPluginsResponse()

    def Run(self, request: language.RunRequest, _: grpc.ServicerContext) -> object:
        """Run the program once, for a preview or an update."""
        try:
            environment = _environment(request.info)
            code = self._programs.run(
                program.command(environment, self._launcher, self._engine, request),
                cwd=request.info.program_directory,
                env=program.variables(environment, request, os.environ),
            )
        except (HostError, OSError) as error:
            self._show_error(str(error))
            return language.RunResponse(bail=True)
        return program.outcome(code, cancelled=self._programs.cancelled)

    def InstallDependencies(
        self, request: language.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[object]:
        """Make the virtual environment and install ``requirements.txt`` into it."""
        try:
            environment = _environment(request.info)
            for title, command in dependencies.install_commands(environment, Path(request.directory)):
                yield language.InstallDependenciesResponse(stdout=f"{title}\n".encode())
                process = start(command, cwd=request.directory, env=environment.variables(os.environ))
                context.add_callback(process.terminate)
                for stream, piece in output(process):
                    yield language.InstallDependenciesResponse(**{stream: piece})
                dependencies.check_installed(command, process.returncode)
        except (HostError, OSError) as error:
            _fail(context, error)

    def RunPlugin(self, request: language.RunPluginRequest, context: grpc.ServicerContext) -> Iterator[object]:
        """Run a plugin written in Python (a folder with a PulumiPlugin.yaml) until it ends."""
        try:
            environment = _environment(request.info)
            entry = Path(request.info.program_directory, request.info.entry_point or ".")
            variables = dict(variable.split("=", 1) for variable in request.env)
            process = start(
                [environment.python(), "-u", str(entry), *request.args],
                cwd=request.pwd,
                env=environment.variables(os.environ | variables),
            )
        except (HostError, OSError) as error:
            _fail(context, error)
        context.add_callback(process.terminate)
        for stream, piece in output(process):
            if stream == "stdout":
                yield language.RunPluginResponse(stdout=piece)
            else:
                yield language.RunPluginResponse(stderr=piece)
        yield language.RunPluginResponse(exitcode=process.returncode)

    def About(self, request: language.AboutRequest, context: grpc.ServicerContext) -> object:
        """Name the project's interpreter and its version."""
        try:
            executable, version = dependencies.interpreter(_environment(request.info))
        except (HostError, OSError) as error:
            _fail(context, error)
        return language.AboutResponse(executable=executable, version=version)

    def GetProgramDependencies(
        self, request: language.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> object:
        """List the packages in the project's virtual environment."""
        try:
            found = dependencies.installed(_environment(request.info), transitive=request.transitiveDependencies)
        except (HostError, OSError) as error:
            _fail(context, error)
        listed = [language.DependencyInfo(name=name, version=version) for name, version in found]
        return language.GetProgramDependenciesResponse(dependencies=listed)

    def RuntimeOptionsPrompts(self, _request: object, _: grpc.ServicerContext) -> object:
        """Ask nothing in ``pulumi new``."""
        return language.RuntimeOptionsResponse()

    def Template(self, _request: object, _: grpc.ServicerContext) -> object:
        """Leave a new project as its template has it."""
        return language.TemplateResponse()

    def Cancel(self, _request: Empty, _: grpc.ServicerContext) -> Empty:
        """End the running program."""
        self._programs.cancel()
        return Empty()

    def _show_error(self, text: str) -> None:
        """Have the engine show ``text`` as it is; in a response it would become "an unhandled error occurred"."""
        with grpc.insecure_channel(self._engine) as channel:
            EngineStub(channel).Log(engine.LogRequest(severity=engine.ERROR, message=text))


def serve(host: LanguageHost) -> tuple[grpc.Server, int]:
    """Start to answer on a free port of the loopback interface.

    Returns the server, which ends when nobody holds it any more, and the port.
    """
    limits = [(f"grpc.max_{way}_message_length", MESSAGE_LIMIT) for way in ("send", "receive")]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=limits)
    add_LanguageRuntimeServicer_to_server(host, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _environment(info: language.ProgramInfo) -> Environment:
    return resolve(info.root_directory, MessageToDict(info.options))


def _fail(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    raise error  # not reached: abort raises
