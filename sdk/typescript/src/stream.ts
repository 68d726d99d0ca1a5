/** Bodies that are read while they arrive. */

/** A server-sent event: what kind it says it is, `""` where it does not, and its data. */
export interface ServerEvent {
  kind: string;
  data: string;
}

/** The chunks of a body as they come; who takes no more of them ends the connection. */
export async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // After an error there is nothing to cancel, and after the end nothing happens.
    await reader.cancel().catch(() => undefined);
  }
}

/** UTF-8 text in pieces, none of which ends within a character. */
export async function* texts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== "") yield text;
  }
  const rest = decoder.decode();
  if (rest !== "") yield rest;
}

/** The events of a `text/event-stream`; the lines of one event's data are joined. */
export async function* events(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let kind = "";
  let data: string[] = [];
  for await (const line of lines(texts(chunks))) {
    const { name, value } = fieldOf(line);
    if (name === "event") kind = value;
    else if (name === "data") data.push(value);
    else if (line === "") {
      if (data.length > 0) yield { kind, data: data.join("\n") };
      kind = "";
      data = [];
    }
  }
}

function fieldOf(line: string): { name: string; value: string } {
  const colon = line.indexOf(":");
  if (colon < 0) return { name: line, value: "" };
  return { name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, "") };
}

async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  for await (const piece of pieces) {
    const found = (held + piece).split("\n");
    held = found.pop()!;
    for (const line of found) yield line.replace(/\r$/, "");
  }
}
