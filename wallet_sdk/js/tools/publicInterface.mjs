// What of the sources is for integrators, as TypeScript's own compiler reads it.
import ts from "typescript";

/** Each module that is shipped (`build.mjs`), and where its names stand. */
export const MODULES = {
  "wallet.mjs": "src/index.ts",
  "answering.mjs": "src/answering.ts",
  "animated.mjs": "src/moving.ts",
  "further.mjs": "src/further.ts",
  "keeping.mjs": "src/keeping.ts",
  "openid4vci.mjs": "src/openid4vci/index.ts",
  "miniprogram.js": "src/miniprogram.ts",
};
const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
export const program = ts.createProgram(Object.values(MODULES), { ...options, noEmit: true });
const checker = program.getTypeChecker();

/** The symbol that an export stands for. */
export const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

/** Whether a declaration is nobody's but the author's. */
export const isHidden = (node) =>
  (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0 ||
  ts.getJSDocTags(node).some((tag) => tag.tagName.text === "internal");
