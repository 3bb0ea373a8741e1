"""The page's own style sheet: light, dark and on paper."""

STYLE = """
:root{color-scheme:light dark;--page:#fbfbf9;--card:#fff;--ink:#1b1e23;--soft:#5d6570;
--rule:#dfe2e6;--line:#1d5fa8;--other:#a8650b;--up:#17784a;--down:#b3302a;--warn:#8a5a00;
--warn-page:#fff4dc}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--card:#1b1f25;--ink:#e4e7eb;
--soft:#98a1ad;--rule:#2f353d;--line:#6cb0f5;--other:#e3a04a;--up:#52c08a;--down:#f07a72;
--warn:#f0c060;--warn-page:#332a14}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans CJK KR",sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:40px 0 12px;padding-bottom:6px;border-bottom:1px solid var(--rule)}
h3{font-size:13px;margin:0 0 6px;color:var(--soft);font-weight:600}
p{margin:4px 0}
.soft,.note{color:var(--soft)}
.note{font-size:13px}
.warning{background:var(--warn-page);color:var(--warn);padding:8px 12px;border-radius:6px;
margin:8px 0;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(5,1fr);gap:10px;margin:20px 0 0}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 12px}
.card b{display:block;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
.sheet{columns:2;column-gap:32px}
.sheet section{break-inside:avoid;margin-bottom:20px}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);padding:4px 8px 4px 0;vertical-align:bottom}
td{padding:3px 8px 3px 0;border-top:1px solid var(--rule);vertical-align:top;
overflow-wrap:anywhere}
.number{text-align:right;white-space:nowrap}
.number+.number{padding-left:8px}
.up{color:var(--up)}.down{color:var(--down)}
.scroll{overflow-x:auto}
.heat td,.heat th{text-align:right;padding:4px 6px;white-space:nowrap;overflow-wrap:normal}
.heat th:first-child{text-align:left}
.heat .u1{background:color-mix(in srgb,var(--up) 10%,var(--card))}
.heat .u2{background:color-mix(in srgb,var(--up) 24%,var(--card))}
.heat .u3{background:color-mix(in srgb,var(--up) 42%,var(--card))}
.heat .d1{background:color-mix(in srgb,var(--down) 10%,var(--card))}
.heat .d2{background:color-mix(in srgb,var(--down) 24%,var(--card))}
.heat .d3{background:color-mix(in srgb,var(--down) 42%,var(--card))}
.heat .year{font-weight:600;border-left:2px solid var(--rule)}
svg{display:block;width:100%;height:auto;margin:8px 0}
svg .grid{stroke:var(--rule);stroke-width:1}
svg .base{stroke:var(--soft);stroke-width:1}
svg .tick{fill:var(--soft);font-size:12px}
svg .end{text-anchor:end}svg .middle{text-anchor:middle}svg .start{text-anchor:start}
svg .line{fill:none;stroke-width:1.6;stroke-linejoin:round}
svg .equity,svg .sharpe{stroke:var(--line)}
svg .benchmark{stroke:var(--other);stroke-dasharray:5 3}
svg .drawdown{stroke:var(--down)}
svg .area{stroke:none}
svg .area.drawdown{fill:var(--down);fill-opacity:.18}
svg .bar.up{fill:var(--up)}svg .bar.down{fill:var(--down)}
svg .mark{stroke:var(--ink);stroke-width:1;stroke-dasharray:3 3}
.legend{font-size:13px;color:var(--soft)}
.legend span{margin-right:18px}
.legend .equity::before,.legend .benchmark::before{content:"";display:inline-block;width:22px;
vertical-align:middle;margin-right:6px;border-top:2px solid var(--line)}
.legend .benchmark::before{border-top:2px dashed var(--other)}
pre{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px;
font-size:12.5px;line-height:1.45;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.pairs td:first-child{color:var(--soft);width:220px}
.good{color:var(--up)}.doubtful,.unknown{color:var(--warn)}.bad{color:var(--down)}
footer{margin-top:48px;color:var(--soft);font-size:13px}
@media (max-width:720px){.cards{grid-template-columns:repeat(2,1fr)}.sheet{columns:1}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#ccc;--line:#1d5fa8;
--other:#a8650b;--up:#17784a;--down:#b3302a;--warn:#6a4500;--warn-page:#fff}
body{font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}h2{break-after:avoid}svg,tr,.card{break-inside:avoid}
.warning{border:1px solid var(--rule)}pre{white-space:pre-wrap}@page{margin:16mm}}
"""
