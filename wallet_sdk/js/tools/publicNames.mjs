// Prints what each module gives away by name, for whoever compares: node tools/publicNames.mjs.
//
// {module: {name: {kind, of, members, values}}}. `of` is the type of a function's first parameter, if that is ours; `values`
// are those of a type that is a choice of words or numbers.
import ts from "typescript";
import { isHidden, MODULES, program, resolved } from "./publicInterface.mjs";

const checker = program.getTypeChecker();
const isOurs = (node) => /\/src\//.test(node.getSourceFile().fileName);
const modifiers = (node) => ts.getCombinedModifierFlags(node);
const isDeprecated = (node) => ts.getJSDocTags(node).some((tag) => tag.tagName.text === "deprecated");

function typeNameOf(parameter) {
  const symbol = parameter && checker.getTypeAtLocation(parameter).symbol;
  return symbol?.declarations?.some(isOurs) ? symbol.name : null;
}

/** What a type has by name: fields, methods, a constructor's parameters that are fields, and all that of what it extends. */
function membersOf(node) {
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) return [];
  const parameters = node.members.filter(ts.isConstructorDeclaration).flatMap((each) => [...each.parameters]);
  const fields = parameters.filter((each) => ts.isParameterPropertyDeclaration(each, each.parent));
  const named = [...node.members, ...fields].filter((each) => each.name && ts.isIdentifier(each.name));
  const shown = named.filter((each) => !isHidden(each) && !isDeprecated(each) && !(modifiers(each) & ts.ModifierFlags.Protected));
  const above = (node.heritageClauses ?? []).flatMap((clause) => clause.types).map((each) => checker.getTypeAtLocation(each).symbol);
  const inherited = above.flatMap((each) => each?.declarations ?? []).filter(isOurs).flatMap(membersOf); // prettier-ignore
  return [...new Set([...shown.map((each) => each.name.text), ...inherited])].sort();
}

const literals = (type) => (type.isUnion() ? type.types : [type]).filter((each) => each.isLiteral()).map((each) => each.value);

/** The words of a choice; of an error, its codes. */
function valuesOf(node) {
  if (ts.isTypeAliasDeclaration(node)) return literals(checker.getTypeAtLocation(node));
  if (!ts.isClassDeclaration(node)) return [];
  const code = checker.getTypeAtLocation(node).getProperty("code");
  return code === undefined ? [] : literals(checker.getTypeOfSymbol(code));
}

function kindOf(node) {
  if (ts.isFunctionDeclaration(node)) return "function";
  if (ts.isVariableDeclaration(node)) return "constant";
  return ts.isSourceFile(node) ? "module" : "type";
}

const answer = {};
for (const [module, file] of Object.entries(MODULES)) {
  answer[module] = {};
  for (const name of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))) {
    const [node] = resolved(name).declarations;
    if (isDeprecated(node)) continue;
    const of = ts.isFunctionDeclaration(node) ? typeNameOf(node.parameters[0]) : null;
    answer[module][name.name] = { kind: kindOf(node), of, members: membersOf(node), values: valuesOf(node) };
  }
}
console.log(JSON.stringify(answer));
