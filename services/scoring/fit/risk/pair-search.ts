import type { LeafSettings } from './step-search.ts';

/** Sums over rectangles of a table with `height` rows and `width` columns, in constant time each. */
class Corner {
  readonly #sums: Float64Array;
  readonly #width: number;

  constructor(cells: Float64Array, height: number, width: number) {
    this.#width = width + 1;
    this.#sums = new Float64Array((height + 1) * this.#width);
    for (let row = 0; row < height; row++) {
      let line = 0;
      for (let column = 0; column < width; column++) {
        line += cells[row * width + column] as number;
        this.#sums[(row + 1) * this.#width + column + 1] =
          (this.#sums[row * this.#width + column + 1] as number) + line;
      }
    }
  }

  /** The sum of rows `top` … `bottom − 1`, columns `left` … `right − 1`. */
  of(top: number, bottom: number, left: number, right: number): number {
    const at = (row: number, column: number): number => this.#sums[row * this.#width + column] as number;
    return at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
  }
}

interface Half {
  readonly cut: number;
  readonly score: number;
}

/**
 * The best cut of a pair's table into four: one cut through one feature, then one through the other in each half.
 * Fills `step` with the value of each cell; false when nothing is gained over leaving the table whole.
 */
export function bestQuarters(
  gradients: Float64Array,
  hessians: Float64Array,
  rows: Float64Array,
  height: number,
  width: number,
  settings: LeafSettings,
  step: Float64Array,
): boolean {
  const down = new Search(gradients, hessians, rows, height, width, settings);
  const best = down.best();
  if (best.gain <= 0) return false;
  for (const part of best.parts) down.fill(step, part);
  return true;
}

type Rectangle = readonly [top: number, bottom: number, left: number, right: number];

class Search {
  readonly #gradients: Corner;
  readonly #hessians: Corner;
  readonly #rows: Corner;
  readonly #height: number;
  readonly #width: number;
  readonly #settings: LeafSettings;

  constructor(
    gradients: Float64Array,
    hessians: Float64Array,
    rows: Float64Array,
    height: number,
    width: number,
    settings: LeafSettings,
  ) {
    this.#gradients = new Corner(gradients, height, width);
    this.#hessians = new Corner(hessians, height, width);
    this.#rows = new Corner(rows, height, width);
    this.#height = height;
    this.#width = width;
    this.#settings = settings;
  }

  best(): { gain: number; parts: readonly Rectangle[] } {
    const whole = this.#score([0, this.#height, 0, this.#width]);
    let score = whole;
    let parts: readonly Rectangle[] = [];
    for (let cut = 1; cut < this.#height; cut++) {
      const above = this.#bestColumn(0, cut);
      const below = this.#bestColumn(cut, this.#height);
      if (above.score + below.score <= score) continue;
      score = above.score + below.score;
      parts = [
        [0, cut, 0, above.cut],
        [0, cut, above.cut, this.#width],
        [cut, this.#height, 0, below.cut],
        [cut, this.#height, below.cut, this.#width],
      ];
    }
    for (let cut = 1; cut < this.#width; cut++) {
      const left = this.#bestRow(0, cut);
      const right = this.#bestRow(cut, this.#width);
      if (left.score + right.score <= score) continue;
      score = left.score + right.score;
      parts = [
        [0, left.cut, 0, cut],
        [left.cut, this.#height, 0, cut],
        [0, right.cut, cut, this.#width],
        [right.cut, this.#height, cut, this.#width],
      ];
    }
    return { gain: score - whole, parts };
  }

  fill(step: Float64Array, part: Rectangle): void {
    const [top, bottom, left, right] = part;
    const value = this.#gradients.of(...part) / (this.#hessians.of(...part) + this.#settings.leafPenalty);
    for (let row = top; row < bottom; row++)
      step.fill(value, row * this.#width + left, row * this.#width + right);
  }

  #bestColumn(top: number, bottom: number): Half {
    let best = { cut: this.#width, score: this.#score([top, bottom, 0, this.#width]) };
    for (let cut = 1; cut < this.#width; cut++) {
      const score = this.#scoreOfTwo([top, bottom, 0, cut], [top, bottom, cut, this.#width]);
      if (score > best.score) best = { cut, score };
    }
    return best;
  }

  #bestRow(left: number, right: number): Half {
    let best = { cut: this.#height, score: this.#score([0, this.#height, left, right]) };
    for (let cut = 1; cut < this.#height; cut++) {
      const score = this.#scoreOfTwo([0, cut, left, right], [cut, this.#height, left, right]);
      if (score > best.score) best = { cut, score };
    }
    return best;
  }

  #scoreOfTwo(one: Rectangle, other: Rectangle): number {
    const least = this.#settings.minLeafRows;
    if (this.#rows.of(...one) < least || this.#rows.of(...other) < least) return Number.NEGATIVE_INFINITY;
    return this.#score(one) + this.#score(other);
  }

  #score(part: Rectangle): number {
    const gradient = this.#gradients.of(...part);
    return (gradient * gradient) / (this.#hessians.of(...part) + this.#settings.leafPenalty);
  }
}
