"""The page's frame.

In a module and not in a file of its own, so that a change of it makes the page anew:
only modules are counted among the code behind a step.
"""

CSS = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
  color: #1b1b1b; background: #fff; margin: 0 auto; max-width: 76rem;
  padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.8rem 0 .6rem; border-top: 1px solid #ccc;
  padding-top: 1.2rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 0 0 .3rem; }
p, .answer { max-width: 46rem; }
p, td, figcaption, caption, summary { overflow-wrap: anywhere; }
th { overflow-wrap: break-word; }
.banner { background: #fff3cd; border: 2px solid #b58100; padding: .7rem 1rem;
  font-weight: 600; max-width: none; }
.answer { border-left: 5px solid #0072b2; background: #f3f8fc; padding: .4rem 1.2rem;
  font-size: 1.08rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem;
  font-size: .92rem; max-width: 54rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
.strong { font-weight: 600; }
nav { font-size: .92rem; margin: 1rem 0; }
nav a { margin-right: 1.1rem; white-space: nowrap; }
a { color: #005a96; }
figure { margin: 1.4rem 0; }
figcaption, caption { text-align: left; font-weight: 600; padding: .2rem 0 .4rem; }
figcaption a, caption a { font-weight: 400; font-size: .85rem; margin-left: .6rem;
  white-space: nowrap; }
.panels { display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }
.panels.small { grid-template-columns:
  repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); }
.panels svg { width: 100%; height: auto; }
.note { font-size: .82rem; line-height: 1.35; color: #444; margin: .2rem 0 0; }
.scroll { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; font-size: .88rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .8rem .28rem 0; border-bottom: 1px solid #e3e3e3;
  vertical-align: top; text-align: right; }
td { white-space: nowrap; }
td.word { white-space: normal; min-width: 4.5rem; overflow-wrap: break-word; }
th { border-bottom: 2px solid #888; vertical-align: bottom; }
.word { text-align: left; }
tbody tr:hover { background: #f6f6f6; }
details { margin: 1rem 0; }
summary { cursor: pointer; color: #005a96; }
img { width: 100%; max-width: 60rem; display: block; }
pre { background: #f6f6f6; padding: 1rem; overflow-x: auto; font-size: .82rem; }
footer { margin-top: 3rem; font-size: .85rem; color: #444; }
@media print {
  body { font-size: 10.5pt; max-width: none; padding: 0; }
  nav { display: none; }
  h2 { break-after: avoid; }
  figure, tr, .answer { break-inside: avoid; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; }
}
"""

PAGE = """\
{%- macro source(link) -%}
{% if link %}<a href="{{ link }}">table (CSV)</a>{% endif %}
{%- endmacro -%}
{%- macro show(block) -%}
{%- if block.kind == "text" %}
<p{% if block.strong %} class="strong"{% endif %}>{{ block.text }}</p>
{%- elif block.kind == "grid" %}
<div class="scroll"><table>
<caption>{{ block.caption }} {{ source(block.link) }}</caption>
<thead><tr>
{%- for cell in block.head %}
<th scope="col"{% if loop.index <= block.n_text %} class="word"{% endif %}>
{{- cell }}</th>
{%- endfor %}
</tr></thead>
<tbody>
{%- for row in block.rows %}
<tr>
{%- for cell in row -%}
<td{% if loop.index <= block.n_text %} class="word"{% endif %}>{{ cell }}</td>
{%- endfor -%}
</tr>
{%- else %}
<tr><td class="word" colspan="{{ block.head | length }}">nothing to show</td></tr>
{%- endfor %}
</tbody></table></div>
{%- elif block.kind == "panels" %}
<figure><figcaption>{{ block.caption }} {{ source(block.link) }}</figcaption>
<div class="panels{% if block.small %} small{% endif %}">
{%- for panel in block.panels %}
<div><h3>{{ panel.heading }}</h3>
{{ panel.svg }}
{%- if panel.note %}
<p class="note">{{ panel.note }}</p>
{%- endif %}</div>
{%- endfor %}
</div></figure>
{%- elif block.kind == "picture" %}
<figure><figcaption>{{ block.caption }}</figcaption>
<img alt="{{ block.caption }}" src="data:image/png;base64,{{ block.png }}"></figure>
{%- elif block.kind == "code" %}
<pre>{{ block.text }}</pre>
{%- elif block.kind == "fold" %}
<details><summary>{{ block.summary }}</summary>
{%- for inner in block.blocks %}{{ show(inner) }}{% endfor %}
</details>
{%- endif %}
{%- endmacro -%}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{{ title }}</title>
<style>{{ css }}</style>
</head>
<body>
{%- if banner %}
<p class="banner">{{ banner }}</p>
{%- endif %}
<h1>{{ title }}</h1>
<div class="answer">
{%- for paragraph in answers %}
<p>{{ paragraph }}</p>
{%- endfor %}
</div>
<dl>
{%- for name, meaning in meanings %}
<dt>{{ name }}</dt><dd>{{ meaning }}</dd>
{%- endfor %}
</dl>
<nav aria-label="Contents">
{%- for section in sections %}
<a href="#{{ section.anchor }}">{{ section.heading }}</a>
{%- endfor %}
</nav>
<main>
{%- for section in sections %}
<section id="{{ section.anchor }}">
<h2>{{ section.heading }}</h2>
{%- for block in section.blocks %}{{ show(block) }}{% endfor %}
</section>
{%- endfor %}
</main>
<footer>Research output, not a medical device. Made by FewRay; AUROC is the area under
the ROC curve, Dice twice what two masks share over the pixels of both.</footer>
</body>
</html>
"""
