/** The address of a mailbox that may carry a name: `Ana <ana@acme.example>` is `ana@acme.example` (RFC 5322, 3.4). */
export function mailboxAddress(mailbox: string): string {
  return /<([^<>]*)>[^<>]*$/.exec(mailbox)?.[1]?.trim() ?? mailbox.trim();
}

/** A Message-ID without its angle brackets, as most providers write it. */
export const bareMessageId = (id: string | undefined): string | undefined => id?.trim().replace(/^<|>$/g, "");
