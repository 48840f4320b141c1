"use strict";
const facts = JSON.parse(document.getElementById("facts").textContent);
const fields = document.getElementById("fields"), scores = document.getElementById("scores");
const big = document.getElementById("big"), note = document.getElementById("note");
const MOST = 64;
let model = null;

function element(kind, text, attributes) {
  const made = document.createElement(kind);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  return made;
}

/* The numbers of an input, parted by blanks, commas or semicolons; null where one is none. NaN is written nan. */
function numbers(input) {
  const told = input.box.value.split(/[\s,;]+/).filter(part => part);
  const made = told.map(part => part.toLowerCase() === "nan" ? NaN : Number(part));
  return made.some((value, k) => Number.isNaN(value) && told[k].toLowerCase() !== "nan") ? null : made;
}

function given(input, place) {
  const values = numbers(input), fine = values !== null && values.length === input.size;
  const found = values === null ? "something else" : values.length;
  input.hint.textContent = input.size + " numbers, first index slowest" + (fine ? "" : "; here is " + found);
  input.hint.classList.toggle("odd", !fine);
  if (fine) values.forEach((value, k) => model.vv_put(place, k, value));
  return fine;
}

function answer() {
  scores.replaceChildren();
  note.textContent = "";
  if (!facts.inputs.map(given).every(fine => fine)) {
    big.textContent = "no answer";
    return;
  }
  model.vv_run();
  big.textContent = facts.outputs.map(output => output.name).join(", ");
  facts.outputs.forEach((output, place) => {
    for (let k = 0; k < Math.min(output.size, MOST); k++) {
      const value = model.vv_get(place, k), item = element("li"), line = element("p");
      line.append(element("span", output.name + "[" + k + "]"), element("data", String(value), {value: String(value)}));
      item.append(line);
      scores.append(item);
    }
    if (output.size > MOST) note.textContent = "Of each output the first " + MOST + " numbers are shown.";
  });
}

facts.inputs.forEach((input, place) => {
  const id = "f" + place, field = element("div", "", {class: "field"});
  input.box = element("textarea", "", {id: id, rows: "4", "aria-describedby": id + "-hint"});
  input.hint = element("p", "", {class: "hint", id: id + "-hint"});
  field.append(element("label", input.name, {for: id}), input.box, input.hint);
  fields.append(field);
});

function all(pick) {
  facts.inputs.forEach(input => { input.box.value = Array(input.size).fill(pick(input)).join(" "); });
  answer();
}

const bytes = Uint8Array.from(atob(facts.wasm), letter => letter.charCodeAt(0));
WebAssembly.instantiate(bytes, {}).then(made => {
  model = made.instance.exports;
  document.getElementById("form").addEventListener("input", answer);
  document.getElementById("form").addEventListener("submit", event => event.preventDefault());
  document.getElementById("typical").addEventListener("click", () => all(() => 0));
  document.getElementById("clear").addEventListener("click", () => all(input => input.real ? "nan" : 0));
  all(() => 0);
}).catch(error => {
  big.textContent = "no answer";
  note.textContent = "This browser does not run WebAssembly here: " + error.message;
});
