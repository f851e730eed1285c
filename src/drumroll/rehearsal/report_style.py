"""How the report looks: light or dark as the reader has it, from a phone to a desk."""

STYLE = """
:root{--paper:#fbfaf7;--card:#fff;--ink:#1c1b19;--soft:#6d6a63;--rule:#e5e1d8;--accent:#c2410c;--good:#15803d;--bad:#b91c1c;
--second:#0f766e}
@media(prefers-color-scheme:dark){:root{--paper:#141312;--card:#1d1b19;--ink:#f1eee7;--soft:#a19c91;--rule:#34312c;
--accent:#fb923c;--good:#4ade80;--bad:#f87171;--second:#2dd4bf}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:62rem;margin:0 auto;padding:clamp(1.25rem,4vw,3.5rem) clamp(1rem,4vw,2rem)}
header{border-left:6px solid var(--tone);padding:.25rem 0 .25rem 1.25rem;margin-bottom:2.5rem}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}b.bad{color:var(--bad)}
.eyebrow{margin:0;color:var(--soft);font-size:.875rem}
h1{margin:-.1rem 0 .6rem;font-size:clamp(3.5rem,14vw,6.5rem);line-height:1.15;letter-spacing:-.04em;color:var(--tone)}
header ul{padding-left:1.1rem;margin:.5rem 0}header p{margin:.25rem 0}
h2{font-size:1rem;margin:0 0 .75rem}
dl{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;background:var(--rule);
border:1px solid var(--rule);border-radius:12px;overflow:hidden;margin:0 0 2rem}
dl div{background:var(--card);padding:.9rem 1rem}
dt{color:var(--soft);font-size:.8125rem}
dd{margin:0;font-size:1.5rem;font-weight:600;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
dd small{display:block;font-size:.75rem;font-weight:400;letter-spacing:0;color:var(--soft);line-height:1.35}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem;margin-bottom:2rem}
figure,section{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:1.1rem}
section{margin-bottom:1rem}
figcaption,section p{color:var(--soft);font-size:.8125rem;margin:.5rem 0 0}
svg{width:100%;height:auto;display:block}
svg text{font:10.5px system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
.end{text-anchor:end}.mid{text-anchor:middle}.start{text-anchor:start}svg .note{fill:var(--ink);font-weight:600}
.grid{stroke:var(--rule)}
.line{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
.area{fill:var(--accent);opacity:.12}
.line.planned{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.line.rate{stroke:var(--second)}.area.rate,.bar{fill:var(--second)}
.layer.locked,.key.locked{fill:var(--second);background:var(--second)}
.layer.converted,.key.converted{fill:var(--accent);background:var(--accent)}
.layer.firm,.key.firm{fill:var(--second);background:var(--second);opacity:.35}
.layer.reserved{fill:var(--soft)}.layer.gone,.key.gone{fill:var(--rule);background:var(--rule)}
.key{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin:0 .3em 0 .6em}
.ring{fill:var(--card);stroke:var(--ink);stroke-width:2}
.crash{stroke:var(--bad);stroke-width:1.5}
table{width:100%;border-collapse:collapse;font-size:.875rem}
th{text-align:left;font-weight:500;color:var(--soft);font-size:.8125rem;padding:.25rem .75rem .4rem 0}
td{border-top:1px solid var(--rule);padding:.45rem .75rem .45rem 0;vertical-align:top;overflow-wrap:anywhere}
td b{font-variant-numeric:tabular-nums}td small{color:var(--bad)}
td:nth-child(2){font-variant-numeric:tabular-nums;white-space:nowrap}
pre{margin:0;padding:.9rem 1rem;background:var(--paper);border-radius:8px;overflow-x:auto;font-size:.8125rem}
@media(max-width:46rem){dl{grid-template-columns:1fr 1fr}}
@media(max-width:34rem){table,tbody,tr,td{display:block}thead{display:none}
tr{border-top:1px solid var(--rule);padding:.4rem 0}
td{border:0;padding:.1rem 0}td[data-name]::before{content:attr(data-name);display:inline-block;min-width:7.5rem;
color:var(--soft);font-size:.8125rem}td:first-child::before{display:none}td:first-child{font-weight:500}}
@media print{body{background:#fff}figure,section{break-inside:avoid}}
"""
