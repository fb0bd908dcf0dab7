/** Makes elements of a page. Whatever is given as a child becomes text, never markup. */

type Child = Node | string | null;
type Handlers = Readonly<Partial<Record<"click" | "change" | "input" | "submit", (event: Event) => void>>>;

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | boolean>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== false) element.setAttribute(key, value === true ? "" : value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function on<E extends HTMLElement>(element: E, handlers: Handlers): E {
  for (const [name, handle] of Object.entries(handlers)) element.addEventListener(name, handle);
  return element;
}

export function button(label: string, act: () => void, look = ""): HTMLButtonElement {
  return on(make("button", { type: "button", class: look }, label), { click: act });
}

export function ticked(label: string, isChecked = false): { readonly row: HTMLElement; readonly box: HTMLInputElement } {
  const box = make("input", { type: "checkbox" });
  box.checked = isChecked;
  return { row: make("label", { class: "tick" }, box, make("span", {}, label)), box };
}

/** A list to choose one from: what is chosen, and how it is called. */
export function dropDown(id: string, options: readonly (readonly [value: string, name: string])[], chosen: string): HTMLSelectElement {
  return make("select", { id }, ...options.map(([value, name]) => make("option", { value, selected: value === chosen }, name)));
}

/** Names and values, as a list of descriptions. */
export function facts(rows: readonly (readonly [string, string])[]): HTMLElement {
  return make("dl", {}, ...rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

export function section(heading: string, ...children: readonly Child[]): HTMLElement {
  return make("section", {}, make("h2", {}, heading), ...children);
}

/** A group of answers to one question. */
export function question(legend: string, ...children: readonly Child[]): HTMLElement {
  return make("fieldset", {}, make("legend", {}, legend), ...children);
}

export interface Twice {
  readonly ask: string;
  readonly really: string;
  readonly yes: string;
  readonly no: string;
}

/** A button for what cannot be undone: it asks once more, and only then acts. */
export function twice({ ask, really, yes, no }: Twice, act: () => void): HTMLElement {
  const place = make("div", { class: "removal" });
  const rest = () => {
    place.replaceChildren(first);
    first.focus();
  };
  const first = button(ask, () => {
    const second = button(yes, () => {
      rest();
      act();
    });
    place.replaceChildren(make("p", {}, really), second, button(no, rest));
    second.focus();
  });
  place.append(first);
  return place;
}
