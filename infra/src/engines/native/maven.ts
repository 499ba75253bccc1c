import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "../engineError.ts";
import type { Step } from "../steps.ts";
import { versions } from "../versions.ts";
import { runCommand } from "./runCommand.ts";

const plugin = `org.apache.maven.plugins:maven-dependency-plugin:${versions.mavenDependencyPlugin}:copy-dependencies`;
const oldestJava = 17;

/** The `java` to run. @throws EngineError saying what to install when there is none or it is too old */
export async function findJava(): Promise<string> {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin", "java") : "java";
  const { code, output } = await runCommand(java, ["-version"]);
  const version = Number(/version "(?:1\.)?(\d+)/.exec(output)?.[1] ?? 0);
  if (code === 0 && version >= oldestJava) return java;
  const found = code === 0 ? `but the one found is Java ${version}` : "and none was found";
  throw new EngineError(
    `Kafka needs Java ${oldestJava} or newer, ${found}: install a JRE (Debian: apt install default-jre-headless maven; ` +
      "macOS: brew install openjdk maven), start Docker, or set KAFKA_BROKERS to a Kafka of yours.",
  );
}

const noMaven =
  "Maven (mvn) is needed to fetch Kafka or Redis and was not found: install it (Debian: apt install maven; macOS: brew " +
  "install maven), start Docker, or set KAFKA_BROKERS and REDIS_URL to servers of yours.";

/** @throws EngineError saying what to install when there is no Maven */
export async function requireMaven(): Promise<void> {
  const { code } = await runCommand("mvn", ["--version"]);
  if (code !== 0) throw new EngineError(noMaven);
}

/** Copies what a pom depends on into a folder, counting jars against the number expected. */
export async function copyDependencies(pom: string, folder: string, expected: number, step: Step): Promise<void> {
  const count = async (): Promise<void> => {
    const jars = (await readdir(folder).catch(() => [])).length;
    const done = Math.max(jars, downloaded);
    if (done > 0) step.progress(`${Math.min(done, expected)} of ${expected} jars`, Math.min(1, done / expected));
  };
  let downloaded = 0;
  const timer = setInterval(() => void count(), 300);
  const result = await runCommand(
    "mvn",
    ["-B", "-f", pom, plugin, `-DoutputDirectory=${folder}`, "-DincludeScope=runtime"],
    {
      onLine: (line) => {
        if (/Downloaded from .*\.jar /.test(line)) downloaded++;
      },
    },
  );
  clearInterval(timer);
  if (result.code === 0) return;
  if (/ENOENT/.test(result.output)) throw new EngineError(noMaven);
  const errors = result.output.split("\n").filter((line) => line.includes("ERROR"));
  throw new EngineError(`Maven could not fetch what ${pom} names:\n${errors.slice(0, 4).join("\n")}`);
}
