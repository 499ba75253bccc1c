import fc from "fast-check";
import { expect } from "vitest";
import { type Connector, type ConnectorContext, MalformedBody, type ProviderRequest } from "../connector.ts";

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Copies of a JSON value in which one member, anywhere, is gone or is something else. */
function oneMemberChanged(sample: Json): fc.Arbitrary<Json> {
  const paths = pathsOf(sample);
  return fc
    .tuple(fc.constantFrom(...paths), fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }))
    .map(([path, replacement]) => changed(sample, path, replacement as Json | undefined));
}

function pathsOf(value: Json): string[][] {
  if (typeof value !== "object" || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner).map((path) => [name, ...path]))];
}

function changed(value: Json, path: string[], replacement: Json | undefined): Json {
  const [name, ...rest] = path;
  if (name === undefined) return replacement ?? null;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, Json>;
  const inner = rest.length === 0 ? replacement : changed(copy[name] ?? null, rest, replacement);
  if (inner === undefined) delete copy[name];
  else copy[name] = inner;
  return copy;
}

/** Bodies that are nearly what the provider documents, and some that are nothing of the kind. */
export function nearly(samples: unknown[]): fc.Arbitrary<Buffer> {
  const close = fc.constantFrom(...(samples as Json[])).chain(oneMemberChanged);
  return fc.oneof(
    { weight: 8, arbitrary: close.map((value) => Buffer.from(JSON.stringify(value))) },
    { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  );
}

/** Forms of which one field is gone, is something else or comes twice. */
export function nearlyForm(samples: Record<string, string>[]): fc.Arbitrary<Buffer> {
  return fc.constantFrom(...samples).chain((sample) =>
    fc.tuple(fc.constantFrom(...Object.keys(sample)), fc.string(), fc.boolean()).map(([name, value, twice]) => {
      const form = new URLSearchParams(sample);
      if (twice) form.append(name, value);
      else if (value === "") form.delete(name);
      else form.set(name, value);
      return Buffer.from(form.toString());
    }),
  );
}

/** The law of every connector: whatever comes, `parse` gives elements or says that the body is malformed. */
export function expectElementsOrMalformed<S>(
  connector: Connector<S>,
  context: ConnectorContext<S>,
  bodies: fc.Arbitrary<Buffer>,
  requestOf: (body: Buffer) => ProviderRequest,
) {
  fc.assert(
    fc.property(bodies, (body) => {
      try {
        for (const element of connector.parse(requestOf(body), context)) {
          expect(Buffer.isBuffer(element.raw)).toBe(true);
          expect("events" in element || "unused" in element || "fault" in element).toBe(true);
        }
      } catch (error) {
        if (!(error instanceof MalformedBody)) throw error;
      }
    }),
    { numRuns: 500 },
  );
}
