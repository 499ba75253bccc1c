import type { ListedClient } from "../inputs/clientAnswers.ts";
import { type ApiClient, CommandFault } from "./apiClient.ts";

/** Of clients who may be meant. */
export const mostShown = 10;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The one client that is meant, or all that may be. @throws CommandFault where there is none */
export async function findClient(api: ApiClient, asked: string): Promise<{ readonly id: string } | ListedClient[]> {
  if (uuid.test(asked)) return { id: asked.toLowerCase() };
  const path = `/v1/clients?limit=${mostShown + 1}&search=${encodeURIComponent(asked)}`;
  const { clients } = await api.call<{ clients: ListedClient[] }>("GET", path);
  const same = (text: string): boolean => text.toLowerCase() === asked.toLowerCase();
  const exact = clients.filter(({ name, account_id }) => same(name) || same(account_id));
  const [only, ...others] = exact.length > 0 ? exact : clients;
  if (only === undefined) {
    throw new CommandFault(
      `No client has "${asked}" in its name, identifiers or e-mail addresses. Try a part of it, or see who there is:\n` +
        `  npm run sql -- "select name, client_id from clients order by last_activity desc limit 20"`,
    );
  }
  return others.length === 0 ? only : clients;
}
