import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { readZipMember } from "./zip.ts";

/** A zip archive as APPNOTE.TXT describes it; checksums are left out, nobody here reads them. */
function zip(members: Readonly<Record<string, { text: string; deflate: boolean }>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, { text, deflate }] of Object.entries(members)) {
    const data = deflate ? deflateRawSync(text) : Buffer.from(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(deflate ? 8 : 0, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(text.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

test("members are read by name, stored or deflated", () => {
  const archive = zip({
    "META-INF/MANIFEST.MF": { text: "Manifest-Version: 1.0", deflate: false },
    "redis-server": { text: "binary ".repeat(1000), deflate: true },
  });
  expect(readZipMember(archive, "redis-server")?.toString()).toBe("binary ".repeat(1000));
  expect(readZipMember(archive, "META-INF/MANIFEST.MF")?.toString()).toBe("Manifest-Version: 1.0");
  expect(readZipMember(archive, "absent")).toBeUndefined();
});

test("what is no archive is refused", () => {
  expect(() => readZipMember(Buffer.from("<html>not found</html>"), "a")).toThrow("not a zip archive");
});
