declare module 'parse-prometheus-text-format' {
  /** The families of an exposition; shapes differ by metric type. */
  export default function parsePrometheusTextFormat(text: string): unknown;
}
