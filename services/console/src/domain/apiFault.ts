/** What is wrong with a request, in words for whoever sent it. */
export class ApiFault extends Error {
  override name = "ApiFault";
  readonly status: number;
  /** What exactly, every fault named; never a secret. */
  readonly detail: string | undefined;
  constructor(status: number, message: string, detail?: string) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

export const notFound = (id: string): ApiFault => new ApiFault(404, `there is no source with the id "${id}"`);

interface Issue {
  path: readonly PropertyKey[];
  message: string;
  /** What is wrong with a key, where that is the fault. */
  issues?: readonly { message: string }[] | undefined;
}

/** Faults of a zod error, all of them, each with its place. @param within name of what was read */
export function describeFaults(issues: readonly Issue[], within = ""): string {
  return issues
    .map((issue) => {
      const place = [within, ...issue.path.map(String)].filter(Boolean).join(".") || "body";
      return `${place}: ${issue.issues?.map(({ message }) => message).join(", ") || issue.message}`;
    })
    .join("; ");
}
