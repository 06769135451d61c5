import { readFileSync } from 'node:fs';
import { html, Markup } from './drawing/html.ts';

const STYLE = Markup.ofStyle(readFileSync(new URL('report.css', import.meta.url), 'utf8'));
/** Whatever a result's strings try, the page fetches nothing and runs nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export interface PageSection {
  /** Unique in the page; its address within it. */
  readonly id: string;
  readonly heading: string;
  readonly content: Markup;
}

export interface Page {
  readonly title: string;
  /** Between the title and the first section. */
  readonly opening: Markup;
  readonly sections: readonly PageSection[];
}

/** One HTML document that needs no other file. */
export function renderPage({ title, opening, sections }: Page): string {
  const links = sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
${STYLE}
</head>
<body>
<header>
<h1>${title}</h1>
${opening}
<nav aria-label="Sections"><ul>${links}</ul></nav>
</header>
<main>
${sections.map(renderSection)}
</main>
</body>
</html>
`.text;
}

function renderSection({ id, heading, content }: PageSection): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${content}
</section>
`;
}
