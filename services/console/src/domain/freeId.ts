/** An id that people recognise: the name in small letters, with a number where it is taken. @param otherwise for a name without any */
export function freeId(name: string, taken: ReadonlySet<string>, otherwise: string): string {
  const base =
    name
      .normalize("NFKD")
      .replace(/\p{Mark}/gu, "")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 60)
      .replace(/^-+|-+$/g, "") || otherwise;
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
}
