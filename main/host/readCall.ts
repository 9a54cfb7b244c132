import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { err, ok, type Result } from '../contract/errors.ts';

/** Body of `POST /api/call`; name and input are checked by `callService`. */
const Call = z.object({ name: z.string(), input: z.unknown() });
type Call = z.infer<typeof Call>;

export class PayloadTooLarge extends Error {}

/** Throws `PayloadTooLarge` as soon as more than `maxBytes` have come. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new PayloadTooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early must not close the connection: the refusal still has to go out on it.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new PayloadTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Throws as `readBody` does. */
export async function readCall(request: IncomingMessage, maxBytes: number): Promise<Result<Call>> {
  const body = await readBody(request, maxBytes);
  let raw: unknown;
  try {
    raw = JSON.parse(body.toString('utf8'));
  } catch {
    return err({ code: 'contract/bad-input', issues: ['the body is not JSON'] });
  }
  const call = Call.safeParse(raw);
  return call.success ? ok(call.data) : err({ code: 'contract/bad-input', issues: call.error.issues.map((issue) => issue.message) });
}
