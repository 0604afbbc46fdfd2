// The page. `state` holds what the user has chosen, and the generator draws it.

import { loadGenerator } from "./generator.js";
import { along, centerOf, draw, interpolate, movedTo, reachOf } from "./latent.js";

const FRAMES = 8;
const SAMPLES = 24;
const SAVED_SIZE = 512; // the least number of pixels of a saved picture's longer side

/** What is shown: the point, the ends A and B, the class, and the first seed of the samples. */
export const state = { point: [], origin: [], name: "", a: null, b: null, label: 0, firstSample: 0 };

const element = (id) => document.getElementById(id);
let generator;
let classCanvases = [];

// Drawing

function paint(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Returns a function that starts a job. If it is called while the job runs, the job runs once more. */
function latestOnly(job) {
  let running = null;
  let again = false;
  return async () => {
    again = true;
    running ??= (async () => {
      try {
        while (again) {
          again = false;
          await job();
        }
      } finally {
        running = null;
      }
    })();
    return running;
  };
}

const drawPoint = latestOnly(async () => {
  const { point, label, name } = state;
  const { condition } = generator.description;
  // The same point in every class: this costs little more than one class.
  const labels = condition ? condition.labels.map((_, i) => i) : [0];
  const images = await generator.run(labels.map(() => point), labels);
  classCanvases.forEach((canvas, i) => paint(canvas, images[i]));
  paint(element("picture"), images[condition ? label : 0]);
  const moved = point.some((value, i) => value !== state.origin[i]);
  element("caption").textContent = `${name}${moved ? ", moved" : ""}${inClass()}`;
  element("picture").setAttribute("aria-label", `Generated picture: ${element("caption").textContent}`);
  element("reset").disabled = !moved;
});

const drawStrip = latestOnly(async () => {
  const { kind, points } = interpolate(state.a.point, state.b.point, FRAMES, generator.description.prior);
  const images = await generator.run(points, state.label);
  const way = kind === "spherical" ? "along a great circle" : "in a straight line";
  const ends = `From A, ${state.a.name}, to B, ${state.b.name}`;
  element("way-hint").textContent = `${ends}, ${way}${inClass()}. Choose a picture to look at its point.`;
  const names = { 0: state.a.name, [FRAMES - 1]: state.b.name };
  [...element("strip").children].forEach((button, i) => {
    paint(button.querySelector("canvas"), images[i]);
    button.onclick = () => setPoint(points[i], names[i] ?? `frame ${i + 1}`);
  });
});

const drawSamples = latestOnly(async () => {
  const seeds = Array.from({ length: SAMPLES }, (_, i) => (state.firstSample + i) % 2 ** 32);
  const images = await generator.run(seeds.map(pointOf), state.label);
  [...element("samples").children].forEach((button, i) => {
    paint(button.querySelector("canvas"), images[i]);
    button.setAttribute("aria-label", `Sample of seed ${seeds[i]}`);
    button.onclick = () => setSeed(seeds[i]);
  });
});

function inClass() {
  const { condition } = generator.description;
  return condition ? `, class ${condition.labels[state.label]}` : "";
}

// Changing what is shown

const pointOf = (seed) => draw(generator.description.prior, generator.size, seed);

function setSeed(seed) {
  element("seed").value = seed;
  return setPoint(pointOf(seed), `seed ${seed}`);
}

function setPoint(point, name) {
  Object.assign(state, { point, origin: point, name });
  showSliders();
  return busy(drawPoint());
}

function setEnd(end) {
  const moved = state.point.some((value, i) => value !== state.origin[i]);
  state[end] = { point: state.point, name: state.name + (moved ? ", moved" : "") };
  return busy(drawStrip());
}

function setLabel(label) {
  state.label = label;
  return busy(Promise.all([drawPoint(), drawStrip(), drawSamples()]));
}

let jobs = 0;

/** Tells assistive technology and tests that the page is busy, and shows errors. */
async function busy(job) {
  jobs += 1;
  element("page").setAttribute("aria-busy", "true");
  try {
    await job;
    if (jobs === 1) element("error").hidden = true;
  } catch (error) {
    report(error);
  } finally {
    jobs -= 1;
    element("page").setAttribute("aria-busy", String(jobs > 0));
  }
}

function report(error) {
  element("error").textContent = error.message;
  element("error").hidden = false;
}

// Building the page

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function makeSliders() {
  const { directions, prior } = generator.description;
  const center = centerOf(prior);
  const reach = reachOf(prior);
  element("directions-hint").textContent =
    `The ${directions.length} directions in which the picture changes most, the strongest first.`;
  directions.forEach((direction, i) => {
    const slider = make("input", { type: "range", id: `slider-${i}`, min: -reach, max: reach, step: "any" });
    slider.oninput = () => {
      state.point = movedTo(state.point, direction, slider.valueAsNumber, center);
      showCoordinate(i, slider.valueAsNumber);
      busy(drawPoint());
    };
    const label = make("label", { htmlFor: slider.id, textContent: `Direction ${i + 1}` });
    const output = make("output", { id: `coordinate-${i}` });
    output.setAttribute("for", slider.id);
    element("sliders").append(make("div", { className: "slider" }, label, slider, output));
  });
}

function showSliders() {
  const { directions, prior } = generator.description;
  directions.forEach((direction, i) => {
    const coordinate = along(state.point, direction, centerOf(prior));
    element(`slider-${i}`).value = coordinate;
    showCoordinate(i, coordinate);
  });
}

function showCoordinate(i, coordinate) {
  // Adding 0 removes the sign of a rounded zero.
  const text = (Math.round(coordinate * 100) / 100 + 0).toFixed(2).replace("-", "−");
  element(`coordinate-${i}`).textContent = text;
  element(`slider-${i}`).setAttribute("aria-valuetext", text);
}

function makeClasses({ labels }) {
  element("classes").hidden = false;
  element("class-choices").classList.toggle("words", labels.some((name) => name.length > 3));
  classCanvases = labels.map((name, i) => {
    const radio = make("input", { type: "radio", name: "class", id: `class-${i}`, checked: i === 0 });
    radio.onchange = () => setLabel(i);
    const canvas = make("canvas");
    canvas.setAttribute("aria-hidden", "true");
    const label = make("label", { htmlFor: radio.id }, canvas, make("span", { textContent: name }));
    element("class-choices").append(make("div", { className: "choice" }, radio, label));
    return canvas;
  });
}

function makePictures(container, count, name, captions = {}) {
  for (let i = 0; i < count; i++) {
    const button = make("button", { type: "button" }, make("canvas"), captions[i] ?? "");
    button.setAttribute("aria-label", name(i));
    container.append(button);
  }
}

function makeButtons() {
  const seed = element("seed");
  seed.onchange = () => {
    if (seed.checkValidity()) setSeed(seed.valueAsNumber);
    else seed.reportValidity();
  };
  element("new-point").onclick = () => {
    const last = seed.checkValidity() ? seed.valueAsNumber : 0;
    setSeed((last + 1) % 2 ** 32);
  };
  element("reset").onclick = () => setPoint(state.origin, state.name);
  element("pick-a").onclick = () => setEnd("a");
  element("pick-b").onclick = () => setEnd("b");
  element("more-samples").onclick = () => {
    state.firstSample = (state.firstSample + SAMPLES) % 2 ** 32;
    busy(drawSamples());
  };
  element("save-picture").onclick = () => busy(save([element("picture")], element("caption").textContent));
  element("save-strip").onclick = () =>
    busy(save([...element("strip").querySelectorAll("canvas")], `way${inClass()}`));
}

/** Downloads pictures side by side as a PNG, each pixel enlarged to a square. */
async function save(canvases, name) {
  const { width, height } = canvases[0];
  const scale = Math.max(1, Math.ceil(SAVED_SIZE / Math.max(width, height)));
  const all = make("canvas", { width: width * scale * canvases.length, height: height * scale });
  const context = all.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.scale(scale, scale);
  canvases.forEach((canvas, i) => context.drawImage(canvas, i * width, 0));
  const blob = await new Promise((resolve) => all.toBlob(resolve, "image/png"));
  const url = URL.createObjectURL(blob);
  const file = name.replace(/[^\p{L}\p{N}]+/gu, "_");
  make("a", { href: url, download: `${file}.png` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function showFacts() {
  const { title, latent, samples, condition } = generator.description;
  const [height, width, channels] = samples.shape;
  element("title").textContent = document.title = title;
  element("facts").textContent = [
    `${width} × ${height} ${channels === 1 ? "gray" : "color"} pictures`,
    `from ${latent.shape.join(" × ")} numbers`,
    ...(condition ? [`in ${condition.labels.length} classes`] : []),
    "computed only in this browser",
  ].join(" · ");
}

async function start() {
  try {
    generator = await loadGenerator();
  } catch (error) {
    report(error);
    return;
  } finally {
    element("loading").hidden = true;
  }
  showFacts();
  makeSliders();
  if (generator.description.condition) makeClasses(generator.description.condition);
  const nameOfFrame = (i) => `Picture ${i + 1} of ${FRAMES} on the way from A to B`;
  makePictures(element("strip"), FRAMES, nameOfFrame, { 0: "A", [FRAMES - 1]: "B" });
  makePictures(element("samples"), SAMPLES, (i) => `Sample ${i + 1}`);
  makeButtons();
  element("page").hidden = false;
  state.a = { point: pointOf(1), name: "seed 1" };
  state.b = { point: pointOf(2), name: "seed 2" };
  await Promise.all([setSeed(1), busy(drawStrip()), busy(drawSamples())]);
}

start();
