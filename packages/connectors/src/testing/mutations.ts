import { eventTypes } from "@keypulse/contracts";
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

/** What a law is tried on: bodies of chance, and some that are tried each time. */
interface Bodies {
  random: fc.Arbitrary<Buffer>;
  always: Buffer[];
}

/** A name that every object inherits: a table that is asked for what was sent must not find it. */
const inherited = "constructor";

/** Bodies that are nearly what the provider documents, and some that are nothing of the kind. */
export function nearly(samples: unknown[]): Bodies {
  const close = fc.constantFrom(...(samples as Json[])).chain(oneMemberChanged);
  const random = fc.oneof(
    { weight: 8, arbitrary: close.map((value) => Buffer.from(JSON.stringify(value))) },
    { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  );
  const always = (samples as Json[]).flatMap((sample) =>
    pathsOf(sample).map((path) => Buffer.from(JSON.stringify(changed(sample, path, inherited)))),
  );
  return { random, always };
}

/** Forms of which one field is gone, is something else or comes twice. */
export function nearlyForm(samples: Record<string, string>[]): Bodies {
  const random = fc.constantFrom(...samples).chain((sample) =>
    fc.tuple(fc.constantFrom(...Object.keys(sample)), fc.string(), fc.boolean()).map(([name, value, twice]) => {
      const form = new URLSearchParams(sample);
      if (twice) form.append(name, value);
      else if (value === "") form.delete(name);
      else form.set(name, value);
      return Buffer.from(form.toString());
    }),
  );
  const always = samples.flatMap((sample) =>
    Object.keys(sample).map((name) => Buffer.from(new URLSearchParams({ ...sample, [name]: inherited }).toString())),
  );
  return { random, always };
}

/** The law of every connector: whatever comes, `parse` gives elements or says that the body is malformed. */
export function expectElementsOrMalformed<S>(
  connector: Connector<S>,
  context: ConnectorContext<S>,
  bodies: Bodies,
  requestOf: (body: Buffer) => ProviderRequest,
) {
  const holds = (body: Buffer) => {
    try {
      for (const element of connector.parse(requestOf(body), context)) {
        expect(Buffer.isBuffer(element.raw)).toBe(true);
        expect("events" in element || "unused" in element || "fault" in element).toBe(true);
        if ("events" in element) for (const { type } of element.events) expect(eventTypes).toContain(type);
      }
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
    }
  };
  for (const body of bodies.always) holds(body);
  fc.assert(fc.property(bodies.random, holds), { numRuns: 500 });
}
