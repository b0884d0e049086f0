// The colours of figures, on a light and on a dark page. Imports nothing: bench/report/page.ts puts this file into the
// report.

export interface Colors {
  readonly text: string;
  readonly faint: string;
  readonly background: string;
  /** The colours of lines and bars, by place. */
  readonly series: readonly string[];
}

// Most are of Okabe and Ito's palette, which colour-blind readers can tell apart. A palette leaves out the colours that
// are too pale or too dark for its background.
export const light: Colors = {
  text: "#1b1f24",
  faint: "#d0d7de",
  background: "#ffffff",
  series: [
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#a07800",
    "#3a9bd9",
    "#000000",
    "#7b3fa0",
    "#8c564b",
    "#666666",
  ],
};

export const dark: Colors = {
  text: "#e6edf3",
  faint: "#3d444d",
  background: "#0d1117",
  series: [
    "#56b4e9",
    "#ff8c42",
    "#2fd6a3",
    "#f0a3cc",
    "#f0e442",
    "#e69f00",
    "#ffffff",
    "#c792ea",
    "#c9a08e",
    "#9aa4ae",
  ],
};
