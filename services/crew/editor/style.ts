/** The look of a brief: one column of serif text, a quiet accent, light and dark, on screens and on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fcfbf8, #161719);
  --ink: light-dark(#23211d, #e4e1da);
  --quiet: light-dark(#6b665d, #9c978d);
  --rule: light-dark(#dfdbd2, #35363a);
  --accent: light-dark(#2f6d94, #7fb4d6);
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Source Serif 4", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
* { box-sizing: border-box; margin: 0; padding: 0; }
html { background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 var(--serif); -webkit-text-size-adjust: 100%; }
main { max-width: 46rem; margin: 0 auto; padding: clamp(2rem, 7vw, 5rem) clamp(1.25rem, 5vw, 2.5rem) 3rem; overflow-wrap: anywhere; }
a { color: inherit; text-decoration-color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .2em; }
a:hover { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
h1 { font-size: clamp(1.9rem, 1.3rem + 2.8vw, 2.9rem); line-height: 1.12; font-weight: 600; letter-spacing: -.015em; text-wrap: balance; }
h2, dt, small, figcaption, [data-part=kicker], [data-part=byline], footer { font-family: var(--sans); }
h2, [data-part=kicker] { font-size: .75rem; font-weight: 650; letter-spacing: .09em; text-transform: uppercase; color: var(--quiet); }
[data-part=kicker] { color: var(--accent); margin-bottom: .9rem; }
[data-part=byline] { margin-top: .9rem; font-size: .9rem; color: var(--quiet); }
section { margin-top: 2.75rem; padding-top: 1.1rem; border-top: 1px solid var(--rule); }
section > h2 { margin-bottom: 1.1rem; }
ol, ul { list-style: none; }
[data-part=summary] ol { counter-reset: sentence; display: grid; gap: 1.05rem; }
[data-part=summary] li { counter-increment: sentence; display: grid; grid-template-columns: 1.9rem 1fr; }
[data-part=summary] li::before { content: counter(sentence); color: var(--accent); font: 600 .85rem/1.98 var(--sans); font-variant-numeric: tabular-nums; }
[data-part=summary] small { display: block; color: var(--quiet); font-size: .8rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1.5rem 1.25rem; }
dl div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
dt { font-size: .8rem; color: var(--quiet); line-height: 1.35; }
dd { font-size: 1.75rem; line-height: 1.2; font-variant-numeric: lining-nums; letter-spacing: -.01em; }
[data-part=keywords] ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .65rem 2rem; }
[data-part=keywords] svg { display: block; width: 100%; height: 3px; margin-top: .2rem; background: var(--rule); }
[data-part=keywords] rect { fill: var(--accent); }
figure svg { display: block; width: 100%; height: auto; }
figure svg text { font: 12px var(--sans); fill: var(--quiet); }
figure + figure { margin-top: 2rem; }
figcaption { font-size: .9rem; color: var(--quiet); margin-bottom: .6rem; }
[data-part=outline] ol { columns: 2 16rem; column-gap: 2rem; }
[data-part=outline] li { break-inside: avoid; padding-block: .12rem; line-height: 1.45; }
[data-part=outline] [data-level="2"] { padding-inline-start: 1.4rem; }
[data-part=outline] [data-level="3"] { padding-inline-start: 2.8rem; color: var(--quiet); }
[data-part=links] ul { columns: 2 16rem; column-gap: 2rem; }
[data-part=links] li { break-inside: avoid; padding-block: .18rem; line-height: 1.4; }
[data-part=links] small { color: var(--quiet); font-size: .78rem; }
[data-part=more] { margin-top: .8rem; font-size: .9rem; color: var(--quiet); font-style: italic; }
footer { margin-top: 3.5rem; padding-top: 1.1rem; border-top: 1px solid var(--rule); font-size: .8rem; color: var(--quiet); }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --quiet: #555; --rule: #ccc; --accent: #2f6d94; }
  @page { margin: 20mm 18mm; }
  html { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  section { margin-top: 1.8rem; }
  figure, dl, li { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
