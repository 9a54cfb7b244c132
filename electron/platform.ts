/**
 * The one place that knows of differences between Electron versions: users get 45, our tests run 22.
 * `protocol.handle` exists since 25; before, `registerStreamProtocol` does the same with other shapes.
 */
import { protocol, session, type ProtocolRequest, type UploadData } from 'electron';
import { Readable } from 'node:stream';

export interface AssetRequest {
  readonly method: string;
  readonly url: string;
  /** Empty when there is none. */
  readonly body: Readable;
}

export interface AssetAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/** Answers every request to `scheme`; `answer` must not reject. */
export function serveScheme(scheme: string, answer: (request: AssetRequest) => Promise<AssetAnswer>): void {
  if ('handle' in protocol) {
    protocol.handle(scheme, async (request) => {
      const body = request.body ? Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]) : Readable.from([]);
      const { status, headers, body: answerBody } = await answer({ method: request.method, url: request.url, body });
      return new Response(Readable.toWeb(answerBody) as ReadableStream, { status, headers });
    });
    return;
  }
  serveSchemeByStreams(scheme, answer);
}

function serveSchemeByStreams(scheme: string, answer: (request: AssetRequest) => Promise<AssetAnswer>): void {
  protocol.registerStreamProtocol(scheme, (request: ProtocolRequest, respond) => {
    const body = Readable.from(uploadedChunks(request.uploadData ?? []));
    void answer({ method: request.method, url: request.url, body }).then(({ status, headers, body: data }) => respond({ statusCode: status, headers, data }));
  });
}

/** The parts of a request body: bytes in memory or a Blob kept by the browser. The page has no business with files. */
async function* uploadedChunks(parts: readonly UploadData[]): AsyncGenerator<Buffer> {
  for (const { bytes, blobUUID, file } of parts) {
    if (blobUUID) yield await session.defaultSession.getBlobData(blobUUID);
    else if (file) throw new Error('a page does not send files');
    else if (bytes) yield bytes;
  }
}
