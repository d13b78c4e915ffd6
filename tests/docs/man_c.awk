# Reads C declarations, for man_header.awk and man_page.awk. Tabs separate what is printed:
#     function|type <name> <declaration without needless space>
#     parameter <function or callback type> <name>        enumerator|field <type> <name>        macro <name> <value>

function squeezed(text)
{
    gsub(/[ \t\n]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}

function without_comments(text,    start, stop)
{
    while ((start = index(text, "/*")) > 0) {
        stop = index(substr(text, start), "*/")
        text = substr(text, 1, start - 1) " " substr(text, start + stop + 1)
    }
    return text
}

# The last identifier, as in "const xent_tensor *z".
function declared_name(text)
{
    sub(/[^A-Za-z0-9_]*$/, "", text)
    sub(/.*[^A-Za-z0-9_]/, "", text)
    return text
}

function emit(kind, name, text)
{
    found[++found_count] = name
    print prefix kind "\t" name "\t" text
}

function emit_members(kind, type, list, separator,    i, n, part)
{
    n = split(list, part, separator)
    for (i = 1; i <= n; i++) {
        sub(/=.*/, "", part[i])
        if (squeezed(part[i]) != "") print prefix kind "\t" type "\t" declared_name(part[i])
    }
}

function emit_parameters(name, list)
{
    sub(/^\(/, "", list)
    sub(/\)$/, "", list)
    if (list != "void") emit_members("parameter", name, list, ",")
}

function declaration(text,    name, kind, body)
{
    text = squeezed(text)
    sub(/^XENT_API /, "", text)
    if (sub(/^static inline /, "", text)) sub(/ *\{.*/, "", text)
    if (text !~ /xent_/) return
    gsub(/ *\* */, "*", text)
    gsub(/ *\( */, "(", text)
    gsub(/ *\) */, ")", text)
    gsub(/ *\{ */, "{", text)
    gsub(/ *\} */, "}", text)
    gsub(/ *, */, ",", text)
    gsub(/ *; */, ";", text)
    gsub(/ *= */, "=", text)
    if (text ~ /^typedef (enum|struct) /) {
        name = declared_name(text)
        emit("type", name, text)
        if (!match(text, /\{.*\}/)) return
        body = substr(text, RSTART + 1, RLENGTH - 2)
        kind = text ~ /^typedef enum/ ? "enumerator" : "field"
        emit_members(kind, name, body, kind == "enumerator" ? "," : ";")
    } else if (match(text, /\(\*xent_[a-z_]+\)/)) {
        name = substr(text, RSTART + 2, RLENGTH - 3)
        emit("type", name, text)
        emit_parameters(name, substr(text, RSTART + RLENGTH))
    } else if (match(text, /xent_[a-z0-9_]+\(/)) {
        name = substr(text, RSTART, RLENGTH - 1)
        emit("function", name, text)
        emit_parameters(name, substr(text, RSTART + RLENGTH - 1))
    }
}

# Declarations end with a semicolon outside braces, a function that is inline with its body; a macro is a line.
function declarations(text,    i, n, line, rest, depth, c, one)
{
    text = without_comments(text)
    gsub(/\\\n/, " ", text)
    n = split(text, line, "\n")
    rest = ""
    for (i = 1; i <= n; i++) {
        if (line[i] !~ /^#/)
            rest = rest " " line[i]
        else if (line[i] ~ /^# *define XENT_/ && line[i] !~ /^# *define XENT_(API|H|[A-Z]+_H)( |$)/)
            macro(line[i])
    }
    depth = 0
    one = ""
    for (i = 1; i <= length(rest); i++) {
        c = substr(rest, i, 1)
        depth += (c == "{") - (c == "}")
        if (depth == 0 && (c == ";" || (c == "}" && one ~ /^ *static inline /))) {
            declaration(one)
            one = ""
        } else {
            one = one c
        }
    }
}

function macro(text,    name)
{
    text = squeezed(text)
    sub(/^# *define /, "", text)
    name = text
    sub(/ .*/, "", name)
    sub(/^[A-Z_]+ ?/, "", text)
    emit("macro", name, text)
}
