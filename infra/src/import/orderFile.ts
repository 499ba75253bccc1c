import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { decodeText, UnreadableFile } from "@keypulse/connectors/files";
import { ImportError } from "./importError.ts";

/** A file that is read from its beginning, as often as is asked, without ever being held as a whole. */
export interface OrderFile {
  readonly name: string;
  readonly size: number;
  /** Its bytes, unpacked where it is packed by gzip. @param onRead is told how many of `size` were read */
  bytes(onRead?: (read: number) => void): AsyncIterable<Uint8Array>;
  /** The first lines that aren't empty. @throws UnreadableFile */
  firstLines(count: number, encoding?: string): Promise<string[]>;
  /** @param onRead as in `bytes` */
  sha256(onRead: (read: number) => void, signal: AbortSignal): Promise<string>;
  /** Whether somebody wrote to it since it was opened. */
  hasChanged(): Promise<boolean>;
  close(): Promise<void>;
}

const chunkBytes = 256 * 1024;
/** A header is shorter; what has no line end for so long is no table. */
const mostHeadCharacters = 1_000_000;

/** @throws ImportError where there is no file, or none with orders in it */
export async function openOrderFile(path: string): Promise<OrderFile> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new ImportError(unopened(path, error));
  });
  try {
    return await lookInto(handle, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function unopened(path: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT" || code === "ENOTDIR") return `There is no file ${path}.`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read by this user.`;
  return `${path} can't be opened: ${message}`;
}

async function lookInto(handle: FileHandle, path: string): Promise<OrderFile> {
  const about = await handle.stat();
  const { size, mtimeMs } = about;
  if (about.isDirectory()) throw new ImportError(`${path} is a folder: name one file in it.`);
  if (!about.isFile()) throw new ImportError(`${path} is no ordinary file: save what it gives to one first.`);
  if (size === 0) throw new ImportError(`${path} is empty.`);
  const head = Buffer.alloc(4);
  await handle.read(head, 0, 4, 0);
  if (head.toString("latin1").startsWith("PK\x03\x04")) {
    throw new ImportError(`${path} is an Excel workbook or a ZIP archive: save it as CSV (UTF-8), or unpack it.`);
  }
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  // A stream made by the handle would close it at its end.
  async function* stored(onRead: (read: number) => void): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < size; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      onRead(Math.min(at, size));
      yield buffer.subarray(0, bytesRead);
    }
  }
  const bytes = (onRead: (read: number) => void = () => {}): AsyncIterable<Uint8Array> => {
    return packed ? unpacked(stored(onRead)) : stored(onRead);
  };
  return {
    name: basename(path),
    size,
    bytes,
    firstLines: (count, encoding) => firstLines(bytes(), count, encoding),
    sha256: async (onRead, signal) => {
      const hash = createHash("sha256");
      for await (const chunk of stored(onRead)) {
        hash.update(chunk);
        signal.throwIfAborted();
      }
      return hash.digest("hex");
    },
    hasChanged: async () => {
      const now = await handle.stat();
      return now.size !== size || now.mtimeMs !== mtimeMs;
    },
    close: () => handle.close(),
  };
}

async function* unpacked(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The loop below hears of errors, because pipeline destroys the stream with them.
  const stream = pipeline(Readable.from(packed), createGunzip(), () => {});
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith("Z_")) throw error;
    throw new UnreadableFile("the file is packed by gzip, and damaged");
  }
}

async function firstLines(bytes: AsyncIterable<Uint8Array>, count: number, encoding?: string): Promise<string[]> {
  let head = "";
  for await (const text of decodeText(bytes, encoding)) {
    head += text;
    const lines = head.split("\n").slice(0, -1);
    if (lines.filter((line) => line.trim() !== "").length >= count || head.length > mostHeadCharacters) break;
  }
  return head
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, count);
}
