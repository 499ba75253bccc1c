import { type IdentifierKind, identifierKinds } from "@keypulse/contracts";
import { z } from "zod";

const kinds = z.enum(identifierKinds);

const list = (example: string) =>
  z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(z.array(z.string().max(200)))
    .describe(`separated by commas, such as ${example}`);

/** `email=5,phone=5`: whole numbers by kind; kinds left out keep their default. */
const numbersByKind = (defaults: Partial<Record<IdentifierKind, number>>) =>
  z
    .string()
    .default("")
    .transform((text, context) => {
      const numbers = { ...defaults };
      for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
        const [kind, number] = part.split("=").map((piece) => piece.trim());
        const known = kinds.safeParse(kind);
        if (!known.success || !/^[1-9]\d{0,5}$/.test(number ?? "")) {
          context.addIssue({
            code: "custom",
            message: `must look like email=5,phone=5 with kinds of ${identifierKinds.join(", ")}; "${part}" does not`,
          });
          return z.NEVER;
        }
        numbers[known.data] = Number(number);
      }
      return numbers;
    });

const personKinds = ["crm_id", "user_id", "email", "phone", "anonymous_id"] as const;

/** How a workspace tells who is who. All processes need the same; a change takes effect by filling Redis again. */
export const identitySettingsShape = {
  /** Kinds that name a person, strongest first: the strongest of a contact names it. */
  IDENTITY_PRIORITY: list("crm_id,user_id,email,phone,anonymous_id")
    .default([...personKinds])
    .refine((given) => given.toSorted().join() === personKinds.toSorted().join(), {
      error: `must hold each of ${personKinds.join(", ")} once, strongest first`,
    })
    .transform((given) => given as (typeof personKinds)[number][]),
  /** Whether a CRM id names a person (a contact's record) or a client (an account's record). */
  IDENTITY_CRM_NAMES: z.enum(["contact", "client"]).default("contact"),
  /** Most values of a kind that rules may gather in one contact or client. */
  IDENTITY_LIMITS: numbersByKind({
    account_id: 1,
    crm_id: 1,
    user_id: 3,
    email: 5,
    phone: 5,
    anonymous_id: 200,
    domain: 20,
  }),
  /** From more stronger identifiers than this on, a value is taken for shared (a switchboard, a mailbox for all). */
  IDENTITY_SHARED: numbersByKind({ user_id: 5, email: 5, phone: 5, anonymous_id: 10, domain: 1 }),
  /** Values that link nobody, besides those that are always refused. */
  IDENTITY_BLOCKED: list("n.n.,000000").default([]),
  /** Whether people with an address at one company domain belong to one client. */
  IDENTITY_COMPANY_DOMAINS: z.enum(["off", "on"]).default("off"),
  /** The workspace's own domains: they make no client. */
  IDENTITY_OWN_DOMAINS: list("our-company.com").default([]),
  /** Domains that give mailboxes to anybody, besides those of the list that Keypulse brings. */
  IDENTITY_FREE_MAIL: list("local-provider.example").default([]),
};

export type IdentitySettings = z.infer<z.ZodObject<typeof identitySettingsShape>>;

export const defaultIdentitySettings: IdentitySettings = z.object(identitySettingsShape).parse({});

/** Kinds of identifiers by strength, strongest first: those of clients, then those of people. */
export function kindsByStrength(settings: IdentitySettings): { client: IdentifierKind[]; person: IdentifierKind[] } {
  const person = settings.IDENTITY_PRIORITY.filter((kind) => kind !== "crm_id" || isContactKind("crm_id", settings));
  return {
    client: settings.IDENTITY_CRM_NAMES === "client" ? ["account_id", "crm_id", "domain"] : ["account_id", "domain"],
    person,
  };
}

/** Whether a kind names a person rather than a client. */
export function isContactKind(kind: IdentifierKind, settings: IdentitySettings): boolean {
  if (kind === "crm_id") return settings.IDENTITY_CRM_NAMES === "contact";
  return kind !== "account_id" && kind !== "domain";
}

/** The settings that decide who is who, as one text: where it differs, identities have to be worked out again. */
export function identityFingerprint(settings: IdentitySettings): string {
  const names = Object.keys(identitySettingsShape) as (keyof IdentitySettings)[];
  return JSON.stringify([rulesVersion, ...names.map((name) => [name, settings[name]])]);
}

/** Raised when rules change, so that what older code worked out is worked out again. */
const rulesVersion = 2;
