# What a page of docs/man declares and mentions. With man_c.awk and -v page=<name>; its lines have "<page> TAB" before them, and there are
#     name <name in the section NAME>                  title <argument of .Dt>
#     says <word of DESCRIPTION marked as Fa, Dv, Er, Fn>        error <status in the section ERRORS>
#     recorded <key> <checksum>
BEGIN { prefix = page "\t" }

/^\.\\" xent\.h: / { print prefix "recorded\t" $3 "\t" $4; next }
/^\.\\"/ { next }
/^\.Dt / { print prefix "title\t" $2 }
/^\.Sh / { section = substr($0, 5); next }
section == "NAME" && /^\.Nm / { print prefix "name\t" $2 }
section == "SYNOPSIS" { synopsis() }
section == "DESCRIPTION" && /^\./ { mentions() }
section == "ERRORS" && /^\.It Bq Er / { print prefix "error\t" $4 }
END { declarations(c) }

# The prototype that mdoc's macros stand for
function synopsis(    i, n, argument)
{
    if (/^\.Bd/ || /^\.Ed/) {
        literal = /^\.Bd/
    } else if (literal) {
        c = c $0 "\n"
    } else if (/^\.Fd /) {
        c = c substr($0, 5) "\n"
    } else if (/^\.(Ft|Vt) /) {
        c = c substr($0, 5) "\n"
    } else if (/^\.Fn /) {
        sub(/^\.Fn /, "")
        n = split($0, argument, "\"")
        i = argument[1]
        if (n == 1) { # no quotes: words
            sub(/ .*/, "", i)
            sub(/^[^ ]* */, "")
            c = c i "(" $0 ");\n"
            return
        }
        c = c i "("
        for (i = 2; i <= n; i += 2) c = c (i > 2 ? "," : "") argument[i]
        c = c ");\n"
    } else if (/^\.Fo /) {
        c = c substr($0, 5) "("
        comma = ""
    } else if (/^\.Fa /) {
        sub(/^\.Fa "?/, "")
        sub(/"$/, "")
        c = c comma $0
        comma = ","
    } else if (/^\.Fc/) {
        c = c ");\n"
    }
}

function mentions(    i, n, word, value)
{
    n = split(substr($0, 2), word, " ")
    for (i = 1; i < n; i++) {
        if (word[i] !~ /^(Fa|Dv|Er|Fn)$/) continue
        value = word[i + 1]
        gsub(/["*]/, "", value)
        sub(/^options->/, "", value)
        print prefix "says\t" value
    }
}
