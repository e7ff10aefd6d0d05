/** The sandbox page's look: Slack's proportions, readable without it, in light and dark. */
export const SANDBOX_CSS = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --strong: #007a5a; --nav: #3f0e40; }
* { box-sizing: border-box; }
body { background: Canvas; color: CanvasText; margin: 0; font: 15px/1.46 system-ui, sans-serif; display: grid; grid-template-columns: 15rem 1fr; min-height: 100vh; }
nav { background: var(--nav); color: #fff; padding: 1rem; }
nav h1 { font-size: 1.1rem; margin: 0 0 .5rem; }
nav h2 { font-size: .8rem; font-weight: 600; opacity: .85; margin: 1.2rem 0 .3rem; }
nav p { font-size: .85rem; opacity: .9; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { color: #fff; display: block; padding: .25rem .5rem; border-radius: .35rem; text-decoration: none; overflow-wrap: anywhere; }
nav p a { display: inline; padding: 0; text-decoration: underline; }
nav a:hover, nav a:focus-visible { background: #fff3; }
nav a[aria-current] { background: #1164a3; }
nav small { opacity: .8; }
main { padding: 1rem 1.5rem 4rem; max-width: 52rem; }
main > h2 { margin: 0 0 1rem; padding-bottom: .6rem; border-bottom: 1px solid var(--line); }
.said { background: #007a5a22; border-left: 4px solid var(--strong); padding: .5rem .8rem; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; margin: 0 0 1rem; }
.subject { margin: .3rem 0 0; }
article h3 { margin: .3rem 0 .5rem; font-size: 1.1rem; }
time { opacity: .7; font-size: .85rem; }
.app { font-size: .65rem; background: var(--soft); border-radius: .2rem; padding: .1rem .25rem; }
.section, .fields { margin: .5rem 0; overflow-wrap: anywhere; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: .5rem 1rem; }
.context { font-size: .85rem; opacity: .8; margin: .5rem 0; }
blockquote { margin: .2rem 0; padding-left: .7rem; border-left: 4px solid var(--line); }
code, pre { background: var(--soft); border-radius: .25rem; padding: .1rem .25rem; }
pre { white-space: pre-wrap; padding: .7rem; font-size: .85rem; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .7rem; align-items: flex-start; }
button, .button { font: inherit; text-decoration: none; display: inline-block; font-weight: 600; padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .3rem; background: transparent; color: inherit; cursor: pointer; }
button.primary { background: var(--strong); color: #fff; border-color: var(--strong); }
.form { display: grid; gap: .6rem; padding: .8rem; border: 1px solid var(--line); border-radius: .4rem; min-width: 18rem; }
.form label { display: grid; gap: .2rem; font-size: .9rem; }
.form input, .form select, .form textarea { font: inherit; padding: .3rem; }
.thread { margin-top: .7rem; padding-left: .8rem; border-left: 2px solid var(--line); }
.reply { margin-top: .6rem; }
:focus-visible { outline: 2px solid #1d9bd1; outline-offset: 2px; }
@media (max-width: 45rem) {
  body { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto 1fr; }
  nav ul { display: flex; gap: .3rem; overflow-x: auto; }
  nav ul a { white-space: nowrap; background: #fff2; }
  nav h2 { margin: .5rem 0 .3rem; }
  main { padding: 1rem; }
}
`;
