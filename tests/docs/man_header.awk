# What xent.h and the headers after it declare and say. With man_c.awk; besides its lines this prints
#     paragraph <key> <text> <name>...
# for every paragraph that declares something or is a comment of its own. Blank lines outside comments separate paragraphs. The key
# is the first name declared; for comments of their own, that of the section ("overview" before the first one, the file's name in a header after xent.h).
BEGIN { section = "overview" }
FNR == 1 && NR > 1 {
    end_paragraph()
    section = FILENAME
    sub(/.*\//, "", section)
}

/^\/\* ---- / {
    section = $0
    gsub(/^\/\* -+ | -+ \*\/$/, "", section)
    gsub(/ /, "_", section)
    next
}

{
    # The numbers of the version are not what the header says of them.
    line = $0
    if (line ~ /^#define XENT_VERSION_(MAJOR|MINOR|PATCH|STRING) /) $0 = $1 " " $2
    opens = line
    while ((at = match(opens, /\/\*|\*\//)) > 0) {
        comment = substr(opens, at, 2) == "/*"
        opens = substr(opens, at + 2)
    }
}

line == "" && !comment {
    end_paragraph()
    next
}

{
    code = code line "\n"
    sub(/^ \*( |$)/, "")
    text = text $0 "\n"
}

END {
    end_paragraph()
    for (key in apart) print "paragraph\t" key "\t" apart[key]
}

function end_paragraph(    i, names)
{
    found_count = 0
    declarations(code)
    names = ""
    for (i = 1; i <= found_count; i++) names = names "\t" found[i]
    if (found_count > 0)
        print "paragraph\t" found[1] "\t" squeezed(text) names
    else if (index(text, "/*") > 0)
        apart[section] = apart[section] squeezed(text)
    text = code = ""
}
