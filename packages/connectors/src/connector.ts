import type { EventKind, EventType, Identifiers } from "@keypulse/contracts";
import type { z } from "zod";

/** One HTTP request of a provider, raw as it came. */
export interface ProviderRequest {
  method: string;
  /** The whole URL as the provider knows it: the public address, never rebuilt from `Host`. */
  url: string;
  /** Names in small letters; a repeated header is joined by ", ". */
  headers: Readonly<Record<string, string | undefined>>;
  /** The body before any parsing, content encoding undone. Signatures are over these bytes. */
  body: Buffer;
}

/** What a connector may know of its source and of the moment. */
export interface ConnectorContext<Settings = Record<string, unknown>> {
  /** Id of the source, unique in the workspace. */
  source: string;
  /** Secrets that are valid now, newest first: two while one is being rotated. */
  secrets: readonly string[];
  /** The source's settings as the connector's own schema read them. */
  settings: Settings;
  receivedAt: Date;
}

/** The only outside help a connector may ask for; handed in, so that a connector stays pure. */
export interface ConnectorTools {
  /** GET of a small text over https, cached; for certificates. The connector checks the address first. */
  download(url: string): Promise<string>;
}

export type Verification =
  | { ok: true }
  /** `status` is 401 unless the provider wants another one; `detail` names what is wrong, never a secret. */
  | { ok: false; detail: string; status?: number };

/** An answer to the provider. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** An answer to what is no event: a proof of the address, a ping. `confirm` is fetched (GET) before it is given. */
export interface Handshake {
  reply: Reply;
  confirm?: string;
}

/** An event as a connector makes it: the contract's, before it is checked, without the source. */
export interface MappedEvent {
  /** Stable: the provider's own id, so that a retry of the provider has the same. Unique within the source. */
  id: string;
  type: EventType;
  /** ISO 8601 with zone, by the provider. */
  occurred_at: string;
  identifiers: Identifiers;
  /** Amounts are decimal texts in major units. */
  properties: Record<string, unknown>;
  traits?: Record<string, unknown>;
}

/** What became of an element. */
export type Outcome =
  | { events: MappedEvent[] }
  /** Known and genuine, but nothing for us (a mail was queued), or a type that the connector doesn't know. */
  | { unused: "no_meaning" | "unknown_type" | "test"; detail: string }
  /** Not what the provider documents. */
  | { fault: string };

/** The smallest part of a body that stands alone, and what became of it. */
export type ParsedElement = {
  /**
   * Bytes that, as the body of the same request, give this element again; kept where the element can't be used, so
   * that it is replayed after a mapping was mended.
   */
  raw: Buffer;
} & Outcome;

/** How the source's secret comes about and what the provider calls it. */
export interface SecretKind {
  /** The provider's name for it, such as "HTTP webhook signing key". */
  label: string;
  /**
   * `provider`: copied from there and pasted here. `keypulse`: made here and pasted there. `none`: the provider signs
   * with a certificate of its own, and what we trust is a setting.
   */
  origin: "provider" | "keypulse" | "none";
  /** Text, such as a header's name, that tells where it goes or where it is found. */
  where: string;
}

/**
 * Turns one provider's requests into events. Pure: no clock, no network, no memory of its own. `Parsed` is a promise
 * where events are made by an expression language that knows no other way.
 */
export interface Connector<
  Settings = Record<string, unknown>,
  Parsed extends ParsedElement[] | Promise<ParsedElement[]> = ParsedElement[],
> {
  /** Id in settings and addresses, such as `sendgrid`. */
  name: string;
  /** What the provider calls it, such as "SendGrid Event Webhook". */
  title: string;
  /** Topic of its events; identity events ride on it too. */
  kind: EventKind;
  settings: z.ZodType<Settings>;
  secret: SecretKind;
  /** Steps for a person who wires it, in order; `address` is the source's webhook address. */
  setup(address: string): string[];
  /** Is it genuine? Checked on raw bytes, before anything is parsed, against every valid secret. */
  verify(
    request: ProviderRequest,
    context: ConnectorContext<Settings>,
    tools: ConnectorTools,
  ): Verification | Promise<Verification>;
  /**
   * Recognises what must be answered and is no event. Asked before `verify`, because some providers don't sign it; a
   * connector whose handshake is signed returns undefined unless it is genuine.
   */
  handshake?(
    request: ProviderRequest,
    context: ConnectorContext<Settings>,
    tools: ConnectorTools,
  ): Handshake | undefined | Promise<Handshake | undefined>;
  /** @throws MalformedBody where the body as a whole can't be read (400) */
  parse(request: ProviderRequest, context: ConnectorContext<Settings>): Parsed;
  /** What a genuine provider would send now, signed with the newest secret: for the wiring test. */
  sample(address: string, context: ConnectorContext<Settings>): ProviderRequest;
  /** Nobody but the provider can sign (we hold a public key): the sample fits `parse`, but not `verify`. */
  onlyProviderSigns?: true;
  /** Answer to what was taken; 200 with `{"success":true}` unless the provider wants another one. */
  accepted?: Reply;
}

/** What the registry holds: callers await `parse`. */
export type AnyConnector = Connector<Record<string, unknown>, ParsedElement[] | Promise<ParsedElement[]>>;

/** The body as a whole is not what the provider documents: answered with 400. */
export class MalformedBody extends Error {
  override name = "MalformedBody";
}
