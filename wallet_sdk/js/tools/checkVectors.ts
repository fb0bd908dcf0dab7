/** All vectors of a folder in one process: prints `{"checked": {format: count}, "wrong": [[file, expected, found], …]}`. */

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import process from "node:process";

import { ProtocolError } from "../src/protocolError.ts";
import { classOf, FORMATS, ground, read } from "./reading.ts";

const folder = process.argv[2]!;
const index = JSON.parse(readFileSync(`${folder}/index.json`, "utf8")) as { vectors: Entry[] };
const its = await ground(folder);
const checked: Record<string, number> = {};
const wrong: unknown[] = [];

interface Entry {
  readonly file: string;
  readonly format: string;
  readonly class: string;
  readonly code?: string;
  readonly stage?: string;
  readonly at: number;
}

for (const entry of index.vectors.filter((each) => FORMATS.includes(each.format))) {
  const vector = JSON.parse(readFileSync(`${folder}/${entry.file}`, "utf8"));
  const expected = entry.class === "read" ? vector.expected : (entry.code ?? vector.expected.code);
  let found: unknown;
  try {
    found = { class: "read", ...((await read(entry.format, vector.text ?? vector.hex, its, entry.at, vector.private_key ?? "")) as object) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    found = `${classOf(error.code)} ${error.code}`;
  }
  const isRight =
    entry.class === "read"
      ? isDeepStrictEqual(found, expected)
      : // What only a terminal's clock or purpose refuses is read by everybody else.
        found === `${entry.class} ${expected}` || (entry.stage === "appraisal" && typeof found === "object");
  checked[entry.format] = (checked[entry.format] ?? 0) + 1;
  if (!isRight) wrong.push([entry.file, expected, found]);
}
console.log(JSON.stringify({ checked, wrong }));
