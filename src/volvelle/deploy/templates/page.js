"use strict";
const facts = JSON.parse(document.getElementById("facts").textContent);
const fields = document.getElementById("fields"), scores = document.getElementById("scores");
const MOST = 8;
let model = null;

function element(kind, text, attributes) {
  const made = document.createElement(kind);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  return made;
}

function shown(number) {
  return Number(number.toPrecision(6)).toLocaleString("en", {maximumFractionDigits: 6});
}

function choice(feature, id) {
  const box = element("select", "", {id: id});
  feature.categories.forEach((name, place) => box.append(element("option", name, {value: place})));
  if (feature.kind === "category") box.append(element("option", "(another, never seen in training)", {value: -2}));
  box.append(element("option", "(missing)", {value: -1}));
  return box;
}

function entry(feature, id) {
  if (feature.kind === "category" || feature.kind === "boolean") return choice(feature, id);
  if (feature.kind === "time") return element("input", "", {id: id, type: "datetime-local", step: "1"});
  if (feature.kind === "text") return element("textarea", "", {id: id, rows: "3"});
  const step = feature.kind === "integer" ? "1" : "any";
  return element("input", "", {id: id, type: "number", step: step, inputmode: feature.low < 0 ? "text" : "decimal"});
}

function range(feature) {
  if (feature.kind === "time") return "in UTC; empty is missing";
  if (feature.kind === "text") return "the first " + feature.length + " words are read; empty is missing";
  if (feature.kind !== "number" && feature.kind !== "integer") return "";
  if (feature.low === null || feature.high === null) return "empty is missing";
  return (feature.bounded ? "valid: " : "in training: ") + shown(feature.low) + " to " + shown(feature.high);
}

function put(feature, value) {
  const box = feature.box;
  if (box.tagName === "SELECT") box.value = String(value === null ? -1 : value);
  else if (value === null) box.value = "";
  else if (feature.kind === "time") box.value = new Date(value * 1000).toISOString().slice(0, 19);
  else box.value = String(value);
}

/* What travels to the model: a double, no number where it is missing; of a category its position. */
function taken(feature) {
  const box = feature.box;
  if (box.tagName === "SELECT") return Number(box.value);
  if (box.value === "" || feature.kind === "text") return NaN;
  return feature.kind === "time" ? Math.floor(Date.parse(box.value + "Z") / 1000) : Number(box.value);
}

function hint(feature, value) {
  let told = range(feature);
  const plain = feature.kind === "number" || feature.kind === "integer";
  const outside = plain && feature.low !== null && feature.high !== null && (value < feature.low || value > feature.high);
  const empty = feature.kind === "text" && feature.box.value === "";
  const absent = plain || feature.kind === "time" ? Number.isNaN(value) : value === -1 || empty;
  if (outside) told = (feature.bounded ? "counts as missing; " : "outside; ") + told;
  const refused = (feature.refusesMissing && (absent || (outside && feature.bounded))) ||
    (feature.refusesUnseen && value === -2);
  if (refused) told = "the model needs a known value here";
  feature.hint.textContent = told;
  feature.hint.classList.toggle("odd", outside || refused);
}

function bar(name, score, chosen) {
  const item = element("li", "", chosen ? {class: "chosen"} : {});
  const line = element("p"), rail = element("div", "", {class: "rail"}), inside = element("div");
  line.append(element("span", name), element("data", (100 * score).toFixed(1) + " %", {value: String(score)}));
  inside.style.width = Math.max(0, Math.min(100, 100 * score)) + "%";
  rail.append(inside);
  item.append(line, rail);
  return item;
}

function answer() {
  facts.features.forEach((feature, place) => {
    const value = taken(feature);
    hint(feature, value);
    model.vv_set(place, value);
    if (feature.kind !== "text") return;
    const told = codes(feature.box.value);
    for (let k = 0; k < feature.length; k++) model.vv_word(place, k, k < told.length ? told[k] : -1);
  });
  const silent = facts.features.some(f => f.kind === "text" && f.refusesMissing && f.box.value === "");
  const big = document.getElementById("big"), note = document.getElementById("note");
  scores.replaceChildren();
  note.textContent = "";
  if (silent || !model.vv_predict()) {
    big.textContent = "no answer";
    note.textContent = "The model needs a value that is missing, or that training never saw.";
    return;
  }
  if (!facts.classes.length) {
    const value = model.vv_score(0);
    big.replaceChildren(element("data", shown(value), {value: String(value)}));
    return;
  }
  const label = model.vv_label();
  if (big.textContent !== facts.classes[label]) big.textContent = facts.classes[label];
  const order = facts.classes.map((name, place) => place);
  if (order.length > MOST) order.sort((a, b) => model.vv_score(b) - model.vv_score(a));
  for (const place of order.slice(0, MOST)) {
    scores.append(bar(facts.classes[place], model.vv_score(place), place === label));
  }
  const left = order.length - MOST;
  const aside = facts.threshold === null ? [] :
    ["The answer is " + facts.positive + " where its score is above " + shown(100 * facts.threshold) + " %."];
  if (left > 0) aside.push("and " + left + " further classes with lower scores");
  note.textContent = aside.join(" ");
}

facts.features.forEach((feature, place) => {
  const id = "f" + place, field = element("div", "", {class: "field"});
  feature.box = entry(feature, id);
  feature.hint = element("p", "", {class: "hint", id: id + "-hint"});
  feature.box.setAttribute("aria-describedby", feature.hint.id);
  const label = element("label", feature.name, {for: id});
  const boxed = element("div", "", {class: "boxed"});
  boxed.append(feature.box);
  if (feature.unit) {
    boxed.append(element("span", feature.unit, {id: id + "-unit"}));
    feature.box.setAttribute("aria-describedby", id + "-unit " + feature.hint.id);
  }
  field.append(label, boxed, feature.hint);
  fields.append(field);
  put(feature, feature.typical);
});

function all(pick) {
  facts.features.forEach(feature => put(feature, pick(feature)));
  answer();
}

const bytes = Uint8Array.from(atob(facts.wasm), letter => letter.charCodeAt(0));
WebAssembly.instantiate(bytes, {}).then(made => {
  model = made.instance.exports;
  document.getElementById("form").addEventListener("input", answer);
  document.getElementById("form").addEventListener("submit", event => event.preventDefault());
  document.getElementById("typical").addEventListener("click", () => all(feature => feature.typical));
  document.getElementById("clear").addEventListener("click", () => all(() => null));
  answer();
}).catch(error => {
  document.getElementById("big").textContent = "no answer";
  document.getElementById("note").textContent = "This browser does not run WebAssembly here: " + error.message;
});
