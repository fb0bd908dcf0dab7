// Writes the TypeScript page of docs/reference by TypeScript's own compiler: node tools/makeReference.mjs FILE.
import { writeFileSync } from "node:fs";
import ts from "typescript";
import { isHidden, MODULES, program, resolved } from "./publicInterface.mjs";

const checker = program.getTypeChecker();

const said = (symbol) => {
  const old = symbol.getJsDocTags(checker).filter((tag) => tag.name === "deprecated").map((tag) => `Deprecated: ${ts.displayPartsToString(tag.text)}`);
  return [ts.displayPartsToString(symbol.getDocumentationComment(checker)), ...old].join("\n").trim();
};

/** A declaration as its author wrote it, without what it does. */
function head(node) {
  const source = node.getSourceFile();
  if (ts.isVariableDeclaration(node)) return `const ${node.name.getText(source)}: ${checker.typeToString(checker.getTypeAtLocation(node))}`;
  if (ts.isFunctionLike(node) || ts.isClassDeclaration(node)) {
    const end = node.body?.getStart(source) ?? (ts.isClassDeclaration(node) ? node.members.pos - 1 : node.end);
    return source.text.slice(node.getStart(source), end).trim().replace(/^export /, "");
  }
  if (ts.isPropertyDeclaration(node) && node.initializer) {
    return source.text.slice(node.getStart(source), node.initializer.getFullStart()).replace(/=\s*$/, "").trim();
  }
  // With what is said of each member.
  return node.getText(source).replace(/^export /, "");
}

const out = ["# TypeScript reference", "", "Written from the sources by `python -m liangzheng.reference`; do not edit it.", ""];
const written = new Set();
for (const [module, file] of Object.entries(MODULES)) {
  out.push(`## \`${module}\``, "");
  const names = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  for (const name of [...names].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const symbol = resolved(name);
    const [node] = symbol.declarations;
    if (written.has(node)) {
      out.push(`- ${name.name}: see above`, "");
      continue;
    }
    written.add(node);
    out.push(`### ${name.name}`, "", "```ts", head(node), "```", "");
    if (said(symbol)) out.push(said(symbol), "");
    if (!ts.isClassDeclaration(node)) continue;
    for (const member of node.members) {
      if (isHidden(member) || ts.isSemicolonClassElement(member) || (ts.isConstructorDeclaration(member) && isHidden(member))) continue;
      const its = member.name ? checker.getSymbolAtLocation(member.name) : null;
      out.push("```ts", head(member), "```", "");
      if (its && said(its)) out.push(said(its), "");
    }
  }
}
writeFileSync(process.argv[2], `${out.join("\n").trim()}\n`);
