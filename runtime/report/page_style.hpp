// The style sheet of the report's page: light, dark and print; colours after Okabe and Ito (2008), readable with
// every kind of colour blindness.
#pragma once

#include <string_view>

namespace spikeloom::runtime {

inline constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark;
  --paper:#ffffff; --panel:#f5f6f8; --ink:#191c21; --muted:#5a6270; --hair:#d9dde3; --grid:#e6e9ed;
  --accent:#0067a3; --bar:#b4bcc8; --good:#00704f; --wrong:#b84700; --unused:#c5cbd3;
  --blue:#0072b2; --orange:#e69f00; --red:#d55e00; --green:#009e73; --pink:#cc79a7; --grey:#8a919c; --sky:#56b4e9;
  --on-orange:#1d1500; --on-blue:#ffffff;
  --f1:#b5cf2a; --f2:#73c055; --f3:#3cb073; --f4:#209c84; --f5:#238a8d; --f6:#2d708e; --f7:#39568c; --f8:#453781; --f9:#440154; }
@media (prefers-color-scheme: dark) { :root {
  --paper:#14161a; --panel:#1d2025; --ink:#e9ebee; --muted:#a0a8b4; --hair:#353a43; --grid:#2a2e36;
  --accent:#6cbcf0; --bar:#4b5360; --good:#4fd0a4; --wrong:#ff9c57; --unused:#3d434d;
  --blue:#2f8fd0; --grey:#878f9b;
  --f1:#4a4390; --f2:#3f5f9b; --f3:#35789b; --f4:#2c8f99; --f5:#28a58a; --f6:#45b978; --f7:#7fcf57; --f8:#bbdd34; --f9:#fde725; } }
@media print { :root {
  --paper:#ffffff; --panel:#f5f6f8; --ink:#191c21; --muted:#4a515d; --hair:#d0d5db; --grid:#e6e9ed;
  --accent:#0067a3; --bar:#b4bcc8; --good:#00704f; --wrong:#b84700; --unused:#c5cbd3; --blue:#0072b2;
  --f1:#b5cf2a; --f2:#73c055; --f3:#3cb073; --f4:#209c84; --f5:#238a8d; --f6:#2d708e; --f7:#39568c; --f8:#453781; --f9:#440154; } }
* { box-sizing:border-box; }
html { -webkit-text-size-adjust:100%; print-color-adjust:exact; -webkit-print-color-adjust:exact; }
body { margin:0; background:var(--paper); color:var(--ink);
  font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","DejaVu Sans",Arial,sans-serif;
  font-variant-numeric:tabular-nums; }
main { max-width:1120px; margin:0 auto; padding:40px 40px 64px; }
header { border-bottom:2px solid var(--ink); padding-bottom:16px; margin-bottom:24px; }
h1 { font-size:30px; line-height:1.2; margin:0 0 6px; letter-spacing:-.01em; overflow-wrap:anywhere; }
.lead { color:var(--muted); margin:0; overflow-wrap:anywhere; }
h2 { font-size:21px; line-height:1.3; margin:48px 0 4px; letter-spacing:-.005em; text-wrap:balance; overflow-wrap:anywhere; }
h3 { font-size:15px; margin:24px 0 6px; }
.kicker { font-size:12px; font-weight:600; letter-spacing:.08em; text-transform:uppercase; color:var(--accent);
  margin:44px 0 0; }
.kicker + h2 { margin-top:2px; }
p { margin:6px 0 12px; max-width:78ch; overflow-wrap:anywhere; }
.note { color:var(--muted); font-size:14px; }
.absent { color:var(--muted); font-style:italic; }
.alert { border-left:3px solid var(--wrong); padding:6px 12px; background:var(--panel); }
.tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(300px,1fr)); gap:12px; margin:0 0 8px; padding:0;
  list-style:none; }
.tiles li { background:var(--panel); border-radius:8px; padding:14px 16px 12px; break-inside:avoid; }
.tiles .what { display:block; font-size:13px; color:var(--muted); }
.tiles .value { display:block; font-size:30px; font-weight:650; line-height:1.25; letter-spacing:-.02em; white-space:nowrap; }
.tiles .more { display:block; font-size:13px; color:var(--muted); line-height:1.4; overflow-wrap:anywhere; }
figure { margin:14px 0 8px; break-inside:avoid; }
figcaption { font-size:14px; color:var(--muted); max-width:90ch; margin-top:6px; }
.scroll { overflow-x:auto; }
.row { display:grid; grid-template-columns:repeat(auto-fit,minmax(300px,1fr)); gap:12px 24px; align-items:start; }
.row.pair { grid-template-columns:repeat(auto-fit,minmax(420px,1fr)); }
.row h3 { margin:6px 0 4px; }
svg.chart { display:block; max-width:100%; height:auto; overflow:visible; }
svg.wide { width:100%; min-width:640px; }
.t { font-size:13px; fill:var(--ink); } .t.small { font-size:12px; } .t.tiny { font-size:11px; }
.t.muted { fill:var(--muted); } .t.strong { font-weight:600; } .t.good { fill:var(--good); } .t.wrong { fill:var(--wrong); font-weight:600; }
.grid { stroke:var(--grid); stroke-width:1; } .axis { stroke:var(--muted); stroke-width:1; }
.band { fill:var(--panel); } .stripe { fill:var(--muted); opacity:.07; } .boundary { stroke:var(--muted); stroke-width:1; stroke-dasharray:2 3; }
.spike { stroke:var(--ink); stroke-width:1.7; fill:none; } .spike.output { stroke:var(--red); stroke-width:2; }
.unused { fill:none; stroke:var(--unused); stroke-width:.8; } .core { stroke:var(--ink); stroke-width:.6; }
.core:hover, .bar:hover { stroke:var(--ink); stroke-width:1.6; }
.bar { fill:var(--bar); } .bar.binds { fill:var(--blue); } .mark { stroke:var(--red); stroke-width:1.5; stroke-dasharray:4 3; }
.whisker { stroke:var(--ink); stroke-width:1.5; }
.k-synapses, .c-first, .s-dynamic, .s-chip-spikes { fill:var(--blue); } .k-updates, .c-second { fill:var(--orange); }
.k-spikes { fill:var(--red); } .k-messages { fill:var(--green); } .k-hops { fill:var(--pink); } .k-inputs { fill:var(--grey); }
.k-learning { fill:var(--sky); }
.s-cores { fill:var(--green); } .s-chip { fill:var(--pink); } .s-host, .s-float { fill:var(--bar); }
.line { fill:none; stroke:var(--series); stroke-width:1.6; stroke-linejoin:round; } .dot { fill:var(--series); }
.l0 { --series:var(--blue); } .l1 { --series:var(--orange); } .l2 { --series:var(--green); } .l3 { --series:var(--red); }
.l4 { --series:var(--pink); } .l5 { --series:var(--sky); } .l6 { --series:var(--grey); } .l7 { --series:var(--ink); }
.pale { opacity:.28; }
.b-generation { fill:var(--orange); } .b-processing { fill:var(--blue); } .b-network { fill:var(--red); } .b-learning { fill:var(--sky); }
.b-barrier { fill:var(--grey); } .b-host { fill:var(--pink); } .longest { fill:none; stroke:var(--ink); stroke-width:1; opacity:.55; }
.tile { fill:var(--bar); } .chip-border { stroke:var(--ink); stroke-width:1.2; stroke-dasharray:6 4; opacity:.6; }
.fl { stroke-width:calc(var(--thick,6px)*var(--part)); } .fl:hover { stroke:var(--ink); }
.f0 { stroke:var(--hair); --part:.2; } .f1 { stroke:var(--f1); --part:.28; } .f2 { stroke:var(--f2); --part:.37; } .f3 { stroke:var(--f3); --part:.46; }
.f4 { stroke:var(--f4); --part:.55; } .f5 { stroke:var(--f5); --part:.64; } .f6 { stroke:var(--f6); --part:.73; } .f7 { stroke:var(--f7); --part:.82; }
.f8 { stroke:var(--f8); --part:.91; } .f9 { stroke:var(--f9); --part:1; }
.slider { display:flex; flex-wrap:wrap; align-items:center; gap:8px 14px; margin:8px 0 2px; font-size:14px; } .slider[hidden] { display:none; }
.slider input { flex:1 1 240px; max-width:560px; accent-color:var(--accent); } .slider output { min-width:16em; }
.slider button { font:inherit; color:var(--ink); background:var(--panel); border:1px solid var(--hair); border-radius:6px; padding:2px 14px; cursor:pointer; }
@media print { .slider { display:none; } }
.on-k-synapses, .on-k-spikes, .on-s-dynamic { fill:var(--on-blue); } .on-k-updates, .on-k-messages, .on-k-hops, .on-k-inputs, .on-k-learning, .on-s-cores, .on-s-chip { fill:#101214; }
.on-s-host { fill:var(--ink); } .on-light { fill:#101214; } .on-dark { fill:#ffffff; }
.legend { display:flex; flex-wrap:wrap; gap:4px 18px; margin:8px 0 0; padding:0; list-style:none; font-size:13px; color:var(--muted); }
svg.key { width:12px; height:12px; vertical-align:-1px; margin-right:6px; } .legend svg { width:12px; height:12px; vertical-align:-1px; margin-right:6px; }
table { border-collapse:collapse; font-size:14px; width:100%; margin:6px 0; }
th { text-align:left; font-weight:600; color:var(--muted); font-size:13px; border-bottom:1px solid var(--ink); vertical-align:bottom; }
td { border-bottom:1px solid var(--hair); vertical-align:top; overflow-wrap:break-word; }
th, td { padding:5px 14px 5px 0; } td.n, th.n { text-align:right; } td.n { white-space:nowrap; }
td.nowrap { white-space:nowrap; } td.quiet { color:var(--muted); font-size:13px; overflow-wrap:anywhere; }
tr.sum td { font-weight:600; border-bottom:1px solid var(--ink); }
.trust { display:inline-block; border:1px solid var(--hair); border-radius:10px; padding:0 8px; font-size:12px; color:var(--muted); }
.trust.measured, .trust.fitted { color:var(--good); border-color:var(--good); } .trust.guessed { color:var(--wrong); border-color:var(--wrong); }
details { margin:10px 0; } summary { cursor:pointer; color:var(--accent); font-size:15px; }
pre { background:var(--panel); padding:12px 14px; border-radius:8px; overflow:auto; font:12.5px/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace; max-height:480px; }
ul.plain { padding-left:20px; max-width:90ch; } ul.plain li { margin:3px 0; overflow-wrap:anywhere; }
footer { margin-top:56px; border-top:1px solid var(--hair); padding-top:12px; color:var(--muted); font-size:13px; }
@media (max-width:760px) { svg.wide .t { font-size:16px; } svg.wide .t.small { font-size:15px; } svg.wide .t.tiny { font-size:14px; } main { padding:24px 18px 48px; } h1 { font-size:25px; } .tiles .value { font-size:25px; }
  .row.pair { grid-template-columns:1fr; } table { font-size:13px; } th, td { padding-right:10px; } }
@media print { body { font-size:11pt; } main { max-width:none; padding:0; } svg.wide { min-width:0; } pre { max-height:none; }
  h2, h3 { break-after:avoid; } .scroll { overflow:visible; } details > summary { color:var(--muted); } }
@page { margin:16mm; }
)css";

}  // namespace spikeloom::runtime
