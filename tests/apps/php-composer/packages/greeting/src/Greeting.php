<?php

namespace Acme\Greeting;

class Greeting
{
    public static function of(string $name): string
    {
        return "composer, $name";
    }
}
