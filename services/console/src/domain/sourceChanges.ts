import { type Source, sourceSchema } from "@keypulse/sources";
import { ApiFault, describeFaults } from "./apiFault.ts";
import { requireConnector, settingsFaults } from "./connectorSettings.ts";
import { freeId } from "./freeId.ts";
import { makeSecret, type SecretContext } from "./secretMaking.ts";

/** What a person says of a new source. */
export interface SourceWish {
  id?: string | undefined;
  name: string;
  connector: string;
  settings: Record<string, unknown>;
  requests_a_second?: number | undefined;
  secret?: string | undefined;
}

/** What may be changed of a source; absent members stay. `settings` are replaced as a whole. */
export interface SourceEdit {
  name?: string | undefined;
  settings?: Record<string, unknown> | undefined;
  requests_a_second?: number | undefined;
}

/** A new source and the secret that Keypulse made for it. @throws ApiFault naming every fault */
export function createSource(
  wish: SourceWish,
  taken: ReadonlySet<string>,
  context: SecretContext,
): { source: Source; shown?: string } {
  const connector = requireConnector(wish.connector);
  const id = wish.id ?? freeId(wish.name, taken, "source");
  if (taken.has(id)) throw new ApiFault(409, `there is a source with the id "${id}" already`);
  const secret = makeSecret(connector, id, wish.secret, context);
  const now = new Date(context.nowMs).toISOString();
  const source = check({
    id,
    name: wish.name,
    connector: wish.connector,
    settings: wish.settings,
    secrets: secret === undefined ? [] : [secret.stored],
    ...(wish.requests_a_second === undefined ? {} : { requests_a_second: wish.requests_a_second }),
    created_at: now,
    updated_at: now,
  });
  return { source, ...(secret?.shown === undefined ? {} : { shown: secret.shown }) };
}

/** @throws ApiFault naming every fault */
export function editSource(source: Source, { name, settings, requests_a_second }: SourceEdit): Source {
  return check({
    ...source,
    ...(name === undefined ? {} : { name }),
    ...(settings === undefined ? {} : { settings }),
    ...(requests_a_second === undefined ? {} : { requests_a_second }),
  });
}

function check(wanted: Omit<Source, "state" | "requests_a_second"> & Partial<Source>): Source {
  const parsed = sourceSchema.safeParse(wanted);
  const faults = settingsFaults(requireConnector(wanted.connector), wanted.settings);
  if (!parsed.success) faults.unshift(describeFaults(parsed.error.issues));
  if (faults.length > 0) throw new ApiFault(400, "this source can't be", faults.join("; "));
  return parsed.data!;
}
