import { fitCommand } from "../fit/command.ts";

// A reader that has enough, such as head, is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await fitCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  // npm runs commands in the checkout and says where it was called from.
  folder: process.env.INIT_CWD || process.cwd(),
});
