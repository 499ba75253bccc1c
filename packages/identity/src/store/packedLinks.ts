import { kindNumber, kindOfNumber, type Link, linkRules } from "../link.ts";

/** Bytes of a link in Redis; see graph.lua. */
export const linkBytes = 41;
export const keyBytes = 16;

const mostTime = 2 ** 48 - 1;

/** A key as the text of its 16 bytes: short, and sorts as the bytes do. */
export const packKey = (uuid: string): string => Buffer.from(uuid.replaceAll("-", ""), "hex").toString("latin1");

export function unpackKey(key: string): string {
  const hex = Buffer.from(key, "latin1").toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Links with packed keys as one buffer. Times before 1970 count as its beginning. */
export function packLinks(links: readonly Link[]): Buffer {
  const buffer = Buffer.allocUnsafe(links.length * linkBytes);
  let at = 0;
  for (const link of links) {
    buffer.write(link.left, at, "latin1");
    buffer.write(link.right, at + 16, "latin1");
    buffer[at + 32] = linkRules.indexOf(link.rule);
    buffer[at + 33] = kindNumber(link.leftKind);
    buffer[at + 34] = kindNumber(link.rightKind);
    buffer.writeUIntBE(Math.min(Math.max(link.atMs, 0), mostTime), at + 35, 6);
    at += linkBytes;
  }
  return buffer;
}

export function unpackLinks(buffer: Buffer): Link[] {
  const links: Link[] = [];
  const text = buffer.toString("latin1");
  for (let at = 0; at < buffer.length; at += linkBytes) {
    links.push({
      left: text.slice(at, at + 16),
      right: text.slice(at + 16, at + 32),
      rule: linkRules[buffer[at + 32]!]!,
      leftKind: kindOfNumber(buffer[at + 33]!),
      rightKind: kindOfNumber(buffer[at + 34]!),
      atMs: buffer.readUIntBE(at + 35, 6),
    });
  }
  return links;
}

export function unpackKeys(buffer: Buffer): string[] {
  const text = buffer.toString("latin1");
  return Array.from({ length: text.length / keyBytes }, (_, index) => text.slice(index * 16, index * 16 + 16));
}
