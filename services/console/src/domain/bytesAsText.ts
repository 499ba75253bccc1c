const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Characters that no text holds, only bytes that happen to be UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** Bytes as text where they are text, else as base64. */
export function bytesAsText(base64: string): { text: string | null; base64: string | null } {
  const bytes = Buffer.from(base64, "base64");
  try {
    const text = utf8.decode(bytes);
    if (!control.test(text)) return { text, base64: null };
  } catch {
    // Not UTF-8.
  }
  return { text: null, base64 };
}
