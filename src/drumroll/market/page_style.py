"""How the page looks: light, printable, from a phone to a desk."""

STYLE = """
:root{--paper:#fbfaf7;--card:#fff;--ink:#1c1b19;--soft:#5f5c55;--rule:#e5e1d8;--accent:#c2410c;--good:#15803d;
--bad:#b91c1c;--second:#0f766e;--third:#6d28d9;--open:#a16207}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:62rem;margin:0 auto;padding:clamp(1.25rem,4vw,3.5rem) clamp(1rem,4vw,2rem)}
header{border-left:6px solid var(--accent);padding:.25rem 0 .25rem 1.25rem;margin-bottom:2rem}
header p{margin:.25rem 0}.eyebrow{color:var(--soft);font-size:.875rem}
h1{margin:-.1rem 0 .4rem;font-size:clamp(3rem,12vw,5.5rem);line-height:1.1;letter-spacing:-.04em;color:var(--accent)}
h2{font-size:1rem;margin:0 0 .75rem}h3{font-size:.875rem;margin:1.1rem 0 .4rem}
dl.day{display:grid;grid-template-columns:repeat(3,1fr);gap:1px;background:var(--rule);border:1px solid var(--rule);
border-radius:12px;overflow:hidden;margin:0 0 1rem}
dl.day div{background:var(--card);padding:.9rem 1rem}
dl.day dt{color:var(--soft);font-size:.8125rem}
dl.day dd{margin:0;font-size:1.5rem;font-weight:600;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
dl.day small{display:block;font-size:.75rem;font-weight:400;letter-spacing:0;color:var(--soft);line-height:1.35}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));gap:1rem;margin-bottom:1rem}
figure,section{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:1.1rem;
min-width:0}
section,figure.wide{margin-bottom:1rem}
figcaption,.means,section ul{color:var(--soft);font-size:.8125rem;margin:.6rem 0 0}
section ul{padding-left:1.1rem}section li{margin:.15rem 0;overflow-wrap:anywhere}
dl.words{margin:0;font-size:.8125rem}dl.words dt{font-weight:600;margin-top:.4rem}
dl.words dd{margin:0;color:var(--soft)}
svg{width:100%;height:auto;display:block}figure.wide svg{max-width:36rem;margin:0 auto}
svg text{font:10.5px system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
.end{text-anchor:end}.mid{text-anchor:middle}.start{text-anchor:start}
svg .note{fill:var(--ink);font-weight:600;paint-order:stroke;
stroke:var(--card);stroke-width:3px}
.grid{stroke:var(--rule)}.nought{stroke:var(--soft)}.event{stroke:var(--accent);stroke-dasharray:2 2}
.session{fill:var(--rule);opacity:.4}.level{stroke:var(--soft);stroke-dasharray:1 3}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.share{stroke:var(--accent)}.suppliers{stroke:var(--second)}.rivals{stroke:var(--third)}.orders{stroke:var(--second)}
.line.before{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.line.published{stroke:var(--second);stroke-width:1;stroke-dasharray:3 3}
.ring{fill:var(--card);stroke:var(--accent);stroke-width:2}.ring.published{stroke:var(--second)}
.interval{stroke-width:1.5}
.firm{stroke-width:2}.firm.share{fill:var(--accent)}.firm.suppliers{fill:var(--second)}.firm.rivals{fill:var(--third)}
.firm.limited{fill:var(--card)}
.key{display:inline-block;width:.7em;height:.7em;border-radius:50%;margin:0 .3em 0 .6em}
.key.share{background:var(--accent)}.key.suppliers{background:var(--second)}.key.rivals{background:var(--third)}
table{width:100%;border-collapse:collapse;font-size:.875rem}
th{text-align:left;font-weight:500;color:var(--soft);font-size:.8125rem;padding:.25rem .75rem .4rem 0;
vertical-align:bottom}
td{border-top:1px solid var(--rule);padding:.45rem .75rem .45rem 0;vertical-align:top;overflow-wrap:anywhere}
section p.means:first-child{margin-top:0}
td small{display:block;font-weight:400;color:var(--soft);font-size:.75rem;line-height:1.35}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
tr.advised td{font-weight:600}
.yes{color:var(--good)}.no{color:var(--bad)}.depends{color:var(--open)}.unknown{color:var(--soft)}
table+table{margin-top:.8rem}
@media(max-width:34rem){table.compact{font-size:.72rem}table.compact td,table.compact th{padding-right:.4rem}
table.compact td{overflow-wrap:normal}
table.compact td:last-child{white-space:normal}
dl.day{grid-template-columns:1fr 1fr}dl.day dd{font-size:1.25rem}
table.rows,.rows tbody,.rows tr,.rows td{display:block}.rows thead{display:none}
.rows tr{border-top:1px solid var(--rule);padding:.4rem 0}
.rows td{border:0;padding:.1rem 0}.rows td.n{white-space:normal}
.rows td[data-name]::before{content:attr(data-name);display:inline-block;min-width:7.5rem;color:var(--soft);
font-size:.8125rem;font-weight:400}
.rows td:first-child::before{display:none}.rows td:first-child{font-weight:600}.rows td:empty{display:none}}
@media print{body{background:#fff;font-size:11pt}main{max-width:none;padding:0}
figure,section,tr{break-inside:avoid}.charts{grid-template-columns:1fr 1fr}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
