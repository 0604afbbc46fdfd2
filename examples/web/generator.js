// The exported generator. ONNX Runtime runs it, compiled to WebAssembly.

import * as ort from "./ort.wasm.bundle.min.mjs";

const REMEDY = "Build the folder again with build_page.py.";

async function fetched(name) {
  let response;
  try {
    response = await fetch(new URL(name, import.meta.url));
  } catch (error) {
    throw new Error(`${name} cannot be loaded: ${error.message}. Is the server still running?`);
  }
  if (!response.ok) {
    throw new Error(`${name} cannot be loaded: the server answers ${response.status}. ${REMEDY}`);
  }
  return response;
}

/** Loads the model that model.json describes, and runs it once as a test. */
export async function loadGenerator() {
  let description;
  try {
    description = await (await fetched("model.json")).json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Error(`model.json is not valid: ${error.message}. ${REMEDY}`);
  }
  const buffers = ["model.onnx", "ort-wasm-simd-threaded.wasm"].map(async (name) =>
    (await fetched(name)).arrayBuffer(),
  );
  const [model, wasm] = await Promise.all(buffers);
  ort.env.logLevel = "error";
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = 1; // several threads need headers that simple servers do not send

  let generator;
  try {
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    generator = new Generator(session, description);
    await generator.run([new Array(generator.size).fill(0)], 0);
  } catch (error) {
    const isRuntime = /backend/.test(error.message); // the wording of ONNX Runtime
    const what = isRuntime ? "The WebAssembly runtime cannot be started" : "The model cannot be run";
    throw new Error(`${what}: ${error.message}`);
  }
  return generator;
}

export class Generator {
  #last = Promise.resolve();

  constructor(session, description) {
    this.session = session;
    this.description = description;
    this.size = description.latent.shape.reduce((product, length) => product * length, 1);
    const { latent, condition, samples } = description;
    const expected = [latent.name, ...(condition ? [condition.name] : [])];
    const given = session.inputNames;
    if (expected.length !== given.length || expected.some((name) => !given.includes(name))) {
      throw new Error(`it takes ${given.join(", ")}, but model.json says ${expected.join(", ")}. ${REMEDY}`);
    }
    if (!session.outputNames.includes(samples.name)) {
      throw new Error(`it has no output ${samples.name}. ${REMEDY}`);
    }
  }

  /**
   * Makes pictures.
   * @param {number[][]} points Latent points.
   * @param {number|number[]} label The class of all points, or of each. Ignored without classes.
   * @returns {Promise<ImageData[]>}
   */
  run(points, label) {
    // One after another: a session cannot run twice at the same time.
    const made = this.#last.then(() => this.#run(points, label));
    this.#last = made.catch(() => {});
    return made;
  }

  async #run(points, label) {
    const { latent, condition, samples } = this.description;
    const count = points.length;
    const feeds = {
      [latent.name]: new ort.Tensor("float32", Float32Array.from(points.flat()), [count, ...latent.shape]),
    };
    if (condition) {
      const labels = Array.isArray(label) ? label : new Array(count).fill(label);
      const tensor =
        condition.type === "int64"
          ? new ort.Tensor("int64", BigInt64Array.from(labels, BigInt), [count])
          : new ort.Tensor("int32", Int32Array.from(labels), [count]);
      feeds[condition.name] = tensor;
    }
    const output = (await this.session.run(feeds, [samples.name]))[samples.name];
    const shape = [count, ...samples.shape];
    if (output.dims.join() !== shape.join()) {
      throw new Error(`it gives samples of shape ${output.dims}, but model.json says ${shape}. ${REMEDY}`);
    }
    return points.map((_, i) => picture(output.data, i, samples));
  }
}

function picture(data, index, { shape: [height, width, channels], range: [low, high] }) {
  const image = new ImageData(width, height);
  const start = index * height * width * channels;
  const scale = 255 / (high - low);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = data[start + pixel * channels + (channels === 1 ? 0 : channel)];
      image.data[4 * pixel + channel] = (value - low) * scale; // assignment rounds and clips
    }
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}
