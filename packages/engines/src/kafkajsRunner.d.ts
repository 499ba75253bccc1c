/** The inside of kafkajs has no types; `emptyFetches.ts` says what it takes from it. */
declare module "kafkajs/src/consumer/runner.js" {
  const Runner: abstract new () => object;
  export default Runner;
}
