// node run_vectors.mjs verify.ts vectors.json: what the TypeScript verifier says to each vector, as JSON on stdout.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [verifier, file] = process.argv.slice(2);
const { verifyCronRequest, rememberInMemory } = await import(pathToFileURL(verifier).href);
const vectors = JSON.parse(readFileSync(file, "utf8"));

async function answer({ receives, method, body, signature, remembered = [], header = "X-Cron-Signature" }) {
  const remember = rememberInMemory();
  for (const id of remembered) remember(id, receives.now + 1, receives.now);
  const headers = signature === null ? {} : { [header]: signature };
  const request = new Request(receives.url, { method, headers, body: body === "" ? undefined : body });
  const options = { header, pathPrefix: receives.path_prefix, now: () => receives.now, remember };
  const first = await verifyCronRequest(request.clone(), receives.keys, options);
  const again = first.ok ? await verifyCronRequest(request, receives.keys, options) : null;
  return { first, again };
}

async function mistake(keys) {
  try {
    await verifyCronRequest(new Request("https://example.com/"), keys);
    return null;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

const forgets = rememberInMemory();
const headers = { "X-Cron-Signature": vectors.accepted[0].signature };
const results = {
  accepted: await Promise.all(vectors.accepted.map(answer)),
  refused: await Promise.all(vectors.refused.map(answer)),
  otherHeader: await answer({ ...vectors.accepted[0], header: "X-Signed" }),
  byTheClock: await verifyCronRequest(new Request(vectors.accepted[0].url, { headers }), vectors.accepted[0].receives.keys),
  mistakes: [await mistake([]), await mistake([""]), await mistake(["k".repeat(32), "short"])],
  forgets: [forgets("a", 10, 0), forgets("a", 10, 10), forgets("a", 20, 11)],
};
process.stdout.write(JSON.stringify(results));
