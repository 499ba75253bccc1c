import type { CallEvent, Invoice, MailEvent, OpenInterval, SilenceHistory, SurveyAnswer } from "@keypulse/methods";

/** An order, or with a negative amount what went back. */
export interface CaseOrder {
  readonly atMs: number;
  /** In the workspace's currency; undefined where no exchange rate is known. */
  readonly amount: number | undefined;
  /** Product groups in it. */
  readonly groups: readonly string[];
  /** Discount as a share of the price before it; undefined where the sender says nothing of it. */
  readonly discount: number | undefined;
}

/** A person at the client. */
export interface CaseContact {
  readonly name: string;
  readonly isDecisionMaker: boolean;
  /** Undefined while nothing is known that they did. */
  readonly activity: SilenceHistory | undefined;
}

/** A product group that the client ordered. */
export interface CaseGroup {
  readonly name: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Of the amounts of all its groups in the last two years; 0 to 1. */
  readonly share: number;
}

/** What the smaller detectors need of one client, beside its history of activity. Nothing in it is later than was asked. */
export interface CaseFile {
  /** Of the last two and a half years. */
  readonly orders: readonly CaseOrder[];
  /** Share of revenue that the days' orders left over, where costs are known. */
  readonly margins: readonly { readonly atMs: number; readonly share: number }[];
  readonly invoices: readonly Invoice[];
  readonly contacts: readonly CaseContact[];
  readonly mail: readonly MailEvent[];
  readonly calls: readonly CallEvent[];
  readonly answers: readonly SurveyAnswer[];
  readonly complaintsMs: readonly number[];
  readonly groups: readonly CaseGroup[];
  /** Local days since which people say that it is lost. */
  readonly saidLostDays: readonly number[];
  /** When the client is known to be away. */
  readonly absences: readonly OpenInterval[];
}

export const emptyCaseFile: CaseFile = {
  orders: [],
  margins: [],
  invoices: [],
  contacts: [],
  mail: [],
  calls: [],
  answers: [],
  complaintsMs: [],
  groups: [],
  saidLostDays: [],
  absences: [],
};
