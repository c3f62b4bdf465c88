/**
 * Verify that a request comes from supabase-cron (`auth: {hmac: …}`): paste this file into your function.
 *
 * Needs WebCrypto alone: Deno (Supabase Edge Functions), Node 20 or newer, Bun, Workers. The scheme, how to rotate a
 * key and what this does not guard against: docs/signing.md. Tested with docs/signing/vectors.json.
 */

/** Remembers a request's id until a moment, and tells whether it was new. Moments are Unix seconds. */
export type Remember = (id: string, until: number, now: number) => boolean | Promise<boolean>;

export interface CronRequestOptions {
  /** The header that carries the signature; `X-Cron-Signature` by default. */
  header?: string;
  /** What a gateway took off the path: `/functions/v1` in a hosted Edge Function; nothing by default. */
  pathPrefix?: string;
  /** Seconds after which a signature is too old; 300 by default. */
  maxAge?: number;
  /** Seconds that the sender's clock may be ahead; 60 by default. */
  maxSkew?: number;
  /** Refuses a request that was accepted before; without it, the same request is accepted for `maxAge`. */
  remember?: Remember;
  /** The clock, in Unix seconds; for tests. */
  now?: () => number;
}

export type CronRequestResult =
  | { ok: true; id: string; timestamp: number; body: string }
  | { ok: false; reason: string };

/** RFC 2104, section 3: a key shorter than the hash weakens it; an empty one is a variable that nobody set. */
const MIN_KEY_BYTES = 32;
const SIGNATURE = /^t=([1-9][0-9]{0,11}),id=([0-9a-f-]{36})((?:,v[0-9]+=[0-9a-f]+)+)$/;
const encoder = new TextEncoder();

/**
 * Accepts a request when any of its signatures fits any of the keys, and reads its body: use `body` of the result.
 *
 * @param request the request, with its body unread
 * @param keys the key, and while it is rotated the other one, too
 * @throws TypeError when there is no key, or one that is too short; that is the receiver's mistake and no caller's
 */
export async function verifyCronRequest(
  request: Request,
  keys: readonly string[],
  options: CronRequestOptions = {},
): Promise<CronRequestResult> {
  const { header = "X-Cron-Signature", pathPrefix = "", maxAge = 300, maxSkew = 60, remember } = options;
  if (keys.length === 0 || keys.some((key) => encoder.encode(key).length < MIN_KEY_BYTES)) {
    throw new TypeError(`a key to verify cron requests with is missing or shorter than ${MIN_KEY_BYTES} bytes`);
  }
  const given = request.headers.get(header);
  if (given === null) return refused("the signature is missing");
  const parts = SIGNATURE.exec(given);
  if (parts === null) return refused("the signature is malformed");
  const [, time, id, list] = parts;
  const timestamp = Number(time);
  const now = options.now?.() ?? Date.now() / 1000;
  if (timestamp < now - maxAge) return refused("the signature is too old");
  if (timestamp > now + maxSkew) return refused("the signature is from the future");

  const body = new Uint8Array(await request.arrayBuffer());
  const url = new URL(request.url);
  const head = encoder.encode(`v1\n${request.method}\n${pathPrefix}${url.pathname}${url.search}\n${time}\n${id}\n`);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  const signatures = list.split(",").filter((each) => each.startsWith("v1=")).map((each) => each.slice(3));
  let fits = false;
  for (const key of keys) {
    const expected = await hmacSha256(key, message);
    for (const signature of signatures) fits = sameInConstantTime(expected, signature) || fits;
  }
  if (!fits) return refused("the signature fits no key");
  if (remember && !(await remember(id, timestamp + maxAge, now))) return refused("the request is a replay");
  return { ok: true, id, timestamp, body: new TextDecoder().decode(body) };
}

/** A memory for a receiver that is one process. Edge Functions are many: give them a table (docs/signing.md). */
export function rememberInMemory(): Remember {
  const ids = new Map<string, number>();
  return (id, until, now) => {
    for (const [old, end] of ids) if (end < now) ids.delete(old);
    if (ids.has(id)) return false;
    ids.set(id, until);
    return true;
  };
}

function refused(reason: string): CronRequestResult {
  return { ok: false, reason };
}

async function hmacSha256(key: string, message: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sameInConstantTime(expected: string, given: string): boolean {
  if (given.length !== expected.length) return false;
  let difference = 0;
  for (let at = 0; at < expected.length; at++) difference |= expected.charCodeAt(at) ^ given.charCodeAt(at);
  return difference === 0;
}
