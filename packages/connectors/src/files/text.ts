import { TextDecoder } from "node:util";

/** The file as a whole can't be read; says what to do about it. */
export class UnreadableFile extends Error {
  override name = "UnreadableFile";
}

export type FileBytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * The file's text without byte order mark, all line ends as "\n". UTF-16 is known by its mark (spreadsheets' "Unicode
 * text"); all else is UTF-8 unless `encoding` says otherwise.
 * @param encoding label of the WHATWG Encoding standard, such as windows-1252
 * @throws UnreadableFile where the bytes are not of that encoding
 */
export async function* decodeText(bytes: FileBytes, encoding?: string): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let head = Buffer.alloc(0);
  /** A "\r" that ends a chunk may be the first half of "\r\n". */
  let held = "";
  const normalised = (text: string, last: boolean): string => {
    const all = held + text;
    held = !last && all.endsWith("\r") ? "\r" : "";
    return (held === "" ? all : all.slice(0, -1)).replace(/\r\n?/g, "\n");
  };
  for await (const chunk of bytes) {
    if (decoder === undefined) {
      head = Buffer.concat([head, chunk]);
      // The longest mark has three bytes.
      if (head.length < 3) continue;
      decoder = decoderOf(head, encoding);
      yield normalised(decode(decoder, head, true), false);
    } else {
      yield normalised(decode(decoder, chunk, true), false);
    }
  }
  if (decoder !== undefined) yield normalised(decode(decoder, new Uint8Array(), false), true);
  else yield normalised(decode(decoderOf(head, encoding), head, false), true);
}

function decoderOf(head: Buffer, encoding: string | undefined): TextDecoder {
  const marked =
    head[0] === 0xff && head[1] === 0xfe ? "utf-16le" : head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : undefined;
  try {
    return new TextDecoder(marked ?? encoding ?? "utf-8", { fatal: true });
  } catch {
    throw new UnreadableFile(`the encoding "${encoding}" is not known here`);
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array, more: boolean): string {
  try {
    return decoder.decode(bytes, { stream: more });
  } catch {
    throw new UnreadableFile(
      `the file is not ${decoder.encoding}: save it as UTF-8, or name its encoding, such as windows-1252`,
    );
  }
}
