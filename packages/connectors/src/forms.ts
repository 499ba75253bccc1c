import { parseMultipart } from "@remix-run/multipart-parser";
import { MalformedBody, type ProviderRequest } from "./connector.ts";

const boundaryParameter = /boundary="?([^";,]+)"?/i;

/** Whether the body is a form, of either kind. */
export const isForm = (request: ProviderRequest): boolean =>
  /^(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(request.headers["content-type"] ?? "");

/**
 * Text fields of a form, url-encoded or multipart; files are passed over.
 * @throws MalformedBody where a multipart body is cut off or has no boundary
 */
export function formFields(request: ProviderRequest): URLSearchParams {
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\//i.test(type)) return new URLSearchParams(request.body.toString("utf8"));
  const boundary = boundaryParameter.exec(type)?.[1];
  if (boundary === undefined) throw new MalformedBody("the multipart body has no boundary in its Content-Type");
  const fields = new URLSearchParams();
  // The collector has bounded the body already.
  const limits = { maxFileSize: request.body.length + 1, maxTotalSize: request.body.length + 1 };
  try {
    for (const part of parseMultipart(request.body, { boundary, ...limits })) {
      if (part.isText && part.name !== undefined) fields.append(part.name, part.text);
    }
  } catch {
    throw new MalformedBody("the multipart body can't be read");
  }
  return fields;
}
