/** cephes 3.3.3 brings types, but its package.json hides them from importers of the module; these are what we use. */
declare module "cephes" {
  /** Resolved once the WebAssembly inside the package is compiled. */
  export const compiled: Promise<void>;
  /** ln of the gamma function. */
  export function lgam(x: number): number;
  /** Derivative of lgam. */
  export function psi(x: number): number;
  /** Regularised incomplete beta function. */
  export function incbet(a: number, b: number, x: number): number;
  /** The x whose regularised upper incomplete gamma function is y: igamc(a, x) = y. */
  export function igami(a: number, y: number): number;
  /** Distribution function of the standard normal distribution. */
  export function ndtr(x: number): number;
  /** Quantile of the standard normal distribution. */
  export function ndtri(p: number): number;
  /** Gauss's hypergeometric function. Tests alone: it overflows where the models must not. */
  export function hyp2f1(a: number, b: number, c: number, x: number): number;
}
